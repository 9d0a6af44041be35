#include "shell/line_editor.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <system_error>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#ifdef VECDB_CLI_LIBEDIT
#include <histedit.h>
#endif

#include "shell/words.h"
#include "text.h"

namespace vecdb::cli {
namespace {

constexpr const char* kPrompt = "vecdb> ";

// Up to a line's end; kInterrupted when a signal came before it.
LineEditor::Event ReadPlain(std::string* line) {
  line->clear();
  while (true) {
    const int c = std::getc(stdin);
    if (c == '\n') return LineEditor::Event::kLine;
    if (c != EOF) {
      *line += static_cast<char>(c);
      continue;
    }
    if (std::ferror(stdin) != 0 && errno == EINTR) {
      std::clearerr(stdin);
      return LineEditor::Event::kInterrupted;
    }
    return line->empty() ? LineEditor::Event::kEnd : LineEditor::Event::kLine;
  }
}

class ScriptReader final : public LineEditor {
 public:
  Event Read(std::string* line) override {
    Event event = Event::kInterrupted;
    while (event == Event::kInterrupted) event = ReadPlain(line);
    return event;
  }
};

#ifdef VECDB_CLI_LIBEDIT
class EditingReader final : public LineEditor {
 public:
  explicit EditingReader(Completer completer)
      : completer_(std::move(completer)),
        editor_(::el_init("vecdb", stdin, stdout, stderr)),
        history_(::history_init()),
        file_(HistoryFile()) {
    constexpr int kKept = 1'000;
    HistEvent event;
    ::el_set(editor_, EL_CLIENTDATA, this);
    ::el_set(editor_, EL_PROMPT, &Prompt);
    ::el_set(editor_, EL_EDITOR, "emacs");
    ::el_set(editor_, EL_HIST, ::history, history_);
    ::el_set(editor_, EL_ADDFN, "vecdb-complete", "complete the word", &Complete);
    ::el_set(editor_, EL_BIND, "^I", "vecdb-complete", nullptr);
    // Ctrl-C comes as a key: a signal would find the editor in the middle of something.
    ::el_set(editor_, EL_ADDFN, "vecdb-interrupt", "give the line up", &Interrupt);
    ::el_set(editor_, EL_BIND, "^C", "vecdb-interrupt", nullptr);
    ::el_set(editor_, EL_SETTY, "-d", "-isig", nullptr);
    ::history(history_, &event, H_SETSIZE, kKept);
    ::history(history_, &event, H_SETUNIQUE, 1);
    if (!file_.empty()) ::history(history_, &event, H_LOAD, file_.c_str());
  }
  ~EditingReader() override {
    HistEvent event;
    if (!file_.empty()) ::history(history_, &event, H_SAVE, file_.c_str());
    ::history_end(history_);
    ::el_end(editor_);
  }
  EditingReader(const EditingReader&) = delete;
  EditingReader& operator=(const EditingReader&) = delete;

  Event Read(std::string* line) override {
    interrupted_ = false;
    int size = 0;
    const char* const text = ::el_gets(editor_, &size);
    if (interrupted_) {
      std::fputs("^C\n", stdout);
      return Event::kInterrupted;
    }
    if (text == nullptr || size <= 0) return Event::kEnd;
    line->assign(text, static_cast<std::size_t>(size));
    while (!line->empty() && (line->back() == '\n' || line->back() == '\r')) line->pop_back();
    HistEvent event;
    if (!line->empty()) ::history(history_, &event, H_ENTER, line->c_str());
    return Event::kLine;
  }

 private:
  static EditingReader* Self(EditLine* editor) {
    void* self = nullptr;
    ::el_get(editor, EL_CLIENTDATA, &self);
    return static_cast<EditingReader*>(self);
  }
  static char* Prompt(EditLine* /*editor*/) {
    static std::string prompt = kPrompt;
    return prompt.data();
  }
  static unsigned char Interrupt(EditLine* editor, int /*key*/) {
    Self(editor)->interrupted_ = true;
    return CC_EOF;
  }

  static unsigned char Complete(EditLine* editor, int /*key*/) {
    const LineInfo* const info = ::el_line(editor);
    const std::string_view line(info->buffer,
                                static_cast<std::size_t>(info->cursor - info->buffer));
    const std::vector<std::string> choices = Self(editor)->completer_(line);
    if (choices.empty()) return CC_REFRESH_BEEP;
    const std::string last = SplitOpenLine(line).last;
    std::string common = choices.front();
    for (const std::string& choice : choices) {
      const auto end = std::mismatch(common.begin(), common.end(), choice.begin(), choice.end());
      common.erase(end.first, common.end());
    }
    if (choices.size() == 1) common += ' ';
    if (common.size() > last.size()) {
      return ::el_insertstr(editor, common.c_str() + last.size()) == 0 ? CC_REFRESH
                                                                       : CC_REFRESH_BEEP;
    }
    std::string list = "\n";
    for (const std::string& choice : choices) list += choice + "  ";
    std::fputs((list + "\n").c_str(), stdout);
    return CC_REDISPLAY;
  }

  const Completer completer_;
  EditLine* const editor_;
  History* const history_;
  const std::string file_;
  bool interrupted_ = false;
};
#else
class PlainReader final : public LineEditor {
 public:
  Event Read(std::string* line) override {
    std::fputs(kPrompt, stdout);
    std::fflush(stdout);
    const Event event = ReadPlain(line);
    if (event == Event::kInterrupted) std::fputs("\n", stdout);
    return event;
  }
};
#endif

}  // namespace

std::unique_ptr<LineEditor> LineEditor::ForScript() {
  return std::make_unique<ScriptReader>();
}

std::unique_ptr<LineEditor> LineEditor::ForTerminal(Completer completer) {
#ifdef VECDB_CLI_LIBEDIT
  return std::make_unique<EditingReader>(std::move(completer));
#else
  static_cast<void>(completer);
  return std::make_unique<PlainReader>();
#endif
}

std::string HistoryFile() {
  const char* const state = std::getenv("XDG_STATE_HOME");
  const char* const home = std::getenv("HOME");
  std::filesystem::path folder;
  if (state != nullptr && state[0] == '/') {
    folder = state;
  } else if (home != nullptr && home[0] == '/') {
    folder = std::filesystem::path(home) / ".local" / "state";
  } else {
    return "";
  }
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  folder /= "vecdb";
  static_cast<void>(::mkdir(folder.c_str(), 0700));
  const std::string path = (folder / "history").string();
  const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (file < 0) return "";
  static_cast<void>(::fchmod(file, 0600));
  ::close(file);
  return path;
}

}  // namespace vecdb::cli
