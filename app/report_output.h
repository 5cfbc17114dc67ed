// Where a document goes that a command writes: standard output, or a file that is there whole or not at all. Used by
// `vigil report` and `merge`. Tests: tests/contract/report_bad_input_test.py.
#pragma once

#include <string>

namespace vigil::app {

// Opened before the document is made, so that what cannot be written is refused at once; the file that is replaced
// stays until the new one is complete and on the disk.
class ReportOutput {
 public:
  // `path` empty or "-": standard output. A device or pipe is written to as it stands. Throws Error (exit 2) for a
  // folder that does not exist or cannot be written, and for a path that is a folder.
  explicit ReportOutput(const std::string& path);
  ~ReportOutput();
  ReportOutput(const ReportOutput&) = delete;
  ReportOutput& operator=(const ReportOutput&) = delete;

  // All of it, and finish(). Throws FailedRunning (exit 3) where not all of it could be written; nothing is left behind
  // then.
  void write(const std::string& bytes);
  // For who writes piece by piece; finish() then syncs a file and gives it its name. Throws as write() does.
  int descriptor() const { return file_; }
  void finish();

 private:
  std::string path_, next_;  // next_: of a file, until it has its name
  int file_ = -1;
};

}  // namespace vigil::app
