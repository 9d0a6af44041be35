// How a sealed segment joins the View of a collection that may be released.
#pragma once

#include <memory>

#include "roles/live_collection.h"
#include "segment/sealed_segment.h"

namespace vecdb::roles {

// Called on the coordinator's strand: what to publish of a segment that was opened as a whole.
std::shared_ptr<segment::SealedSegment> AsLoaded(const LiveCollection& collection,
                                                 std::shared_ptr<segment::SealedSegment> sealed);

// The segment, if it is sealed and without columns.
std::shared_ptr<segment::SealedSegment> AsReleased(
    const std::shared_ptr<segment::Segment>& segment);

}  // namespace vecdb::roles
