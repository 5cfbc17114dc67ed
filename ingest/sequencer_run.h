// One open run of the sequencer: its lumisections that are not closed, and its sources with the question who is in the
// set. Used by the sequencer alone. The set is the run's own: what a source did in another run does not show in this
// run's lines.
// Tests: tests/ingest/silent_source_test.cpp.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/accounting.h"
#include "core/results.h"

namespace vigil::ingest {

struct OpenLumisection {
  std::map<std::string, SourceCounts> counts;
  Accounting accounting;  // of each source with an accepted batch
};

class OpenRun {
 public:
  struct Member {
    std::uint32_t first_ls = 0;  // of its batches; 0: expected, and none came yet
    std::uint32_t newest_ls = 0;
    std::uint32_t heard_ls = 0;  // newest closed lumisection with a batch of it; 0: none
    bool expected = false;       // in the set from the start of the run
    bool gone = false;           // has sent in a later run
    bool heard() const { return first_ls != 0; }
  };
  enum class Membership : std::uint8_t { none, in_set, silent };

  OpenRun(std::uint32_t number, std::uint32_t order, std::uint32_t timeout_ls)
      : run(number), index(order), timeout_ls_(timeout_ls) {}

  // A source that is in the set from the start of the run.
  void expect(const std::string& source, bool gone);
  void expect_no_more(const std::string& source);
  // A batch of `source` in lumisection `ls`; `gone`: it has sent in a later run already.
  void send(const std::string& source, std::uint32_t ls, bool gone);
  // `source` has sent in a later run.
  void leave(const std::string& source);
  // Closes next_ls; hands out what it held. Counts recorded for lumisections that are closed already do not exist.
  OpenLumisection close();

  // Whether a source that was last heard in `last` is in the set at `ls`: not more than the timeout lies between,
  // counted in lumisections that any source sent in (what all skipped says nothing about one of them). The one place
  // where it is decided when a source is silent.
  bool in_set(std::uint32_t last, std::uint32_t ls) const;
  // Of a member in the lumisection that closed last.
  Membership membership(const Member& member) const;
  std::uint32_t silent_since(const Member& member) const { return member.heard_ls ? member.heard_ls : start_ls; }
  // Whether a source of the set has sent nothing beyond `ls` (and not in a later run).
  bool waits_for_any(std::uint32_t ls) const;

  const std::map<std::string, Member>& members() const { return members_; }
  // What a saved state holds; ends with the derived sums.
  void restore(std::map<std::string, Member> members, std::vector<std::uint32_t> with_data);
  const std::vector<std::uint32_t>& with_data() const { return with_data_; }

  std::uint32_t run = 0;
  std::uint32_t index = 0;  // order in which runs began
  std::string selection;
  std::uint32_t start_ls = 0;   // first lumisection of the run that is known of
  std::uint32_t next_ls = 0;    // first lumisection not closed
  std::uint32_t newest_ls = 0;  // newest with a batch
  std::uint32_t longest = 0;    // lumisections any one source is beyond its first
  bool any_closed = false;
  std::map<std::uint32_t, OpenLumisection> open;

 private:
  void stand(std::uint32_t ls, bool more);

  std::uint32_t timeout_ls_;
  std::map<std::string, Member> members_;
  std::vector<std::uint32_t> with_data_;             // closed lumisections with a batch, ascending
  std::map<std::uint32_t, std::uint32_t> standing_;  // newest lumisection -> sources that are not gone
  std::uint32_t awaited_ = 0;                        // expected sources not heard yet and not gone
};

}  // namespace vigil::ingest
