// The journal's live table (docs/journal.md) as values: when something last arrived and closed, by the wall clock. Used
// by the documents that say how old things are. Pure.
// Tests: tests/shift/status_document_test.cpp.
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "alerting/record.h"

namespace vigil::shift {

struct LiveSource {
  std::optional<std::int64_t> newest_batch_ns;  // the last accepted one
  std::uint32_t run = 0, ls = 0, orbit = 0;     // that it was of; the orbit its last
  bool is_silent = false;
  std::uint64_t dropped = 0;  // since the program started
};

struct LiveStream {
  std::int64_t updated_ns = 0;
  std::optional<std::int64_t> newest_close_ns;
  std::uint32_t closed_run = 0, closed_ls = 0;  // what closed then
  std::optional<double> lag_s, events_per_s;
  std::map<std::string, LiveSource> sources;
};

struct LiveTable {
  std::int64_t updated_ns = 0;  // of the program's own row; 0: there is none
  bool has_ended = false;
  nlohmann::ordered_json scale;  // of a merger (docs/scale_out.md); null: it is none
  std::map<std::pair<std::string, std::string>, LiveStream> streams;  // (model, stream)

  const LiveStream* find(const std::string& model, const std::string& stream) const;
  // When the newest lumisection, (run, ls), of a stream closed; nullopt: nobody knows. A row that is older than the
  // lumisection says at least that it closed after the row was written.
  std::optional<std::int64_t> closed_ns(const std::string& model, const std::string& stream, std::uint32_t run,
                                        std::uint32_t ls) const;
};

LiveTable live_table(const std::vector<alerting::RecordedLive>& rows);

}  // namespace vigil::shift
