#include "shift/events/event_order.h"

namespace vigil::shift {
namespace {

using alerting::RecordRow;

// Rows of one table, taken in their order as far as they belong to lumisections that were told.
class Pending {
 public:
  explicit Pending(const std::vector<RecordRow>& rows, const char* type) : rows_(rows), type_(type) {}

  // What ended with this lumisection, or with one before it (a window that was cut, of an earlier run too).
  void take_until(const RecordRow& closed, std::vector<OrderedRow>& out) {
    for (; next_ < rows_.size(); ++next_) {
      const RecordRow& row = rows_[next_];
      const bool is_later = row.model == closed.model && row.stream == closed.stream &&
                            (row.run > closed.run || (row.run == closed.run && row.last_ls > closed.last_ls));
      const bool is_other = row.model != closed.model || row.stream != closed.stream;
      if (is_later || is_other) return;
      out.push_back({type_, &row});
    }
  }
  void take_all(std::vector<OrderedRow>& out) {
    for (; next_ < rows_.size(); ++next_) out.push_back({type_, &rows_[next_]});
  }

 private:
  const std::vector<RecordRow>& rows_;
  const char* type_;
  std::size_t next_ = 0;
};

}  // namespace

std::vector<OrderedRow> in_order(const News& news) {
  std::vector<OrderedRow> out;
  Pending windows(news.windows, "window"), actions(news.actions, "action");
  for (const RecordRow& closed : news.lumisections) {
    out.push_back({"lumisection", &closed});
    windows.take_until(closed, out);
    actions.take_until(closed, out);
  }
  windows.take_all(out);
  actions.take_all(out);
  return out;
}

}  // namespace vigil::shift
