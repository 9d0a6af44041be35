// Spells every path of a database directory. Names are made of numbers only, never of users' words.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/ids.h"

namespace vecdb::io {

inline constexpr const char* kLockName = "LOCK";
inline constexpr const char* kFormatName = "FORMAT";
inline constexpr const char* kCurrentName = "CURRENT";
inline constexpr const char* kTmpFolder = "tmp";
inline constexpr const char* kWalFolder = "wal";
inline constexpr const char* kSegmentsFolder = "segments";

std::string ManifestName(std::uint64_t number);   // MANIFEST-<20 digits>
std::string PchannelFolder(PchannelId pchannel);  // wal/<pchannel>
std::string LogPath(PchannelId pchannel,
                    std::uint64_t log_number);                     // wal/<pchannel>/<20 digits>.wal
std::string SegmentFolder(SegmentId segment);                      // segments/<id>
std::string TmpSegmentFolder(SegmentId segment);                   // tmp/<id>
std::string ColumnName(std::uint32_t field, std::uint32_t chunk);  // <field>-<chunk>.col
std::string KeysName(std::uint32_t number);                        // keys-<n>.key
std::string DeletesName(std::uint64_t number);                     // deletes-<n>.del
std::string IndexName(std::uint32_t field, FileId file);           // <field>-<file id>.idx
std::string TmpPath(std::string_view name);                        // tmp/<name>
std::string Join(std::string_view folder, std::string_view name);

// The number in a name made above; nothing when the name is not of that form.
std::optional<std::uint64_t> ParseManifestName(std::string_view name);
std::optional<std::uint64_t> ParseLogName(std::string_view name);  // "<20 digits>.wal"
std::optional<std::uint64_t> ParseNumber(std::string_view name);   // decimal digits only

}  // namespace vecdb::io
