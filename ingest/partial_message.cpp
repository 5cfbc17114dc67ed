#include "ingest/partial_message.h"

#include <zstd.h>

#include <charconv>
#include <map>
#include <nlohmann/json.hpp>
#include <utility>

#include "core/error.h"
#include "core/json_text.h"
#include "core/shown.h"
#include "core/summary.h"
#include "ingest/strand_places.h"

namespace vigil::ingest {
namespace {

using nlohmann::json;

constexpr int kVersion = 1;
constexpr int kLevel = 3;
constexpr int kWindowLog = 23;  // 8 MiB
constexpr std::size_t kMostWorker = 64;
const std::string kWhere = "partial";

[[noreturn]] void fail(const std::string& found, const std::string& expected) { throw Error(kWhere, found, expected); }

std::string inflated(std::string_view message) {
  const std::unique_ptr<ZSTD_DCtx, std::size_t (*)(ZSTD_DCtx*)> context(ZSTD_createDCtx(), ZSTD_freeDCtx);
  if (!context || ZSTD_isError(ZSTD_DCtx_setParameter(context.get(), ZSTD_d_windowLogMax, kWindowLog)) != 0) {
    fail("no zstd", "it");
  }
  std::string out;
  ZSTD_inBuffer in{message.data(), message.size(), 0};
  std::size_t left = 1;
  while (left != 0) {
    const std::size_t size = out.size();
    const std::size_t grow = std::min(std::max<std::size_t>(size, 1u << 16), kMostPartialBytes + 1 - size);
    out.resize(size + grow);
    ZSTD_outBuffer to{out.data() + size, grow, 0};
    left = ZSTD_decompressStream(context.get(), &to, &in);
    out.resize(size + to.pos);
    if (ZSTD_isError(left) != 0) fail(std::string("zstd: ") + ZSTD_getErrorName(left), "one zstd frame");
    if (out.size() > kMostPartialBytes) fail("more than 1 GiB", "less");
    if (left != 0 && to.pos == 0 && in.pos == in.size) fail("a zstd frame that ends early", "a whole one");
  }
  if (in.pos != in.size) fail("bytes behind the zstd frame", "none");
  return out;
}

template <class Integer>
Integer whole(const json& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end() || !found->is_number_unsigned() ||
      found->get<std::uint64_t>() > static_cast<std::uint64_t>(std::numeric_limits<Integer>::max())) {
    fail(std::string("no key '") + key + "' that is a whole number of its size", "it");
  }
  return static_cast<Integer>(found->get<std::uint64_t>());
}

std::string text(const json& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end() || !found->is_string()) fail(std::string("no key '") + key + "' that is a text", "it");
  return found->get<std::string>();
}

PartialHeader header_from(std::string_view line) {
  const json in = json::parse(line, nullptr, false);
  if (!in.is_object() || in.value("type", json()) != "partial") fail("another first line", "type partial");
  if (in.value("version", json()) != kVersion) fail("another version", "version " + std::to_string(kVersion));
  PartialHeader header;
  header.settings = text(in, "settings");
  header.worker = text(in, "worker");
  if (header.worker.size() > kMostWorker) fail("a worker's name of " + std::to_string(header.worker.size()), "1 to 64");
  std::size_t keys = 6;
  if (in.contains("partition")) {
    header.partition = whole<std::int32_t>(in, "partition");
    keys += 1;
  } else {
    header.strand = text(in, "strand");
    header.session = whole<std::uint64_t>(in, "session");
    if (!is_strand_name(header.strand) || header.session == 0) fail("a strand that is none", "name and session");
    keys += 2;
  }
  header.first = whole<std::uint64_t>(in, "first");
  header.next = whole<std::uint64_t>(in, "next");
  if (in.size() != keys) fail("unknown keys in the first line", "none");
  if (header.first >= header.next || header.next > static_cast<std::uint64_t>(INT64_MAX)) {
    fail("frames " + std::to_string(header.first) + " to " + std::to_string(header.next), "first below next");
  }
  return header;
}

// Where a frame lies by its own word, within the header's.
std::uint64_t place_of(const FrameFacts& facts, const PartialHeader& header) {
  std::uint64_t at = 0;
  if (header.partition) {
    const auto place = frame_place(facts.position);
    if (!place || place->partition != *header.partition) {
      fail("a frame at " + shown(facts.position), "partition " + std::to_string(*header.partition));
    }
    if (facts.strand && (!is_strand_name(facts.strand->name) || facts.strand->session == 0)) {
      fail("a strand that is none", "name and session");
    }
    at = static_cast<std::uint64_t>(place->offset);
  } else {
    if (!facts.strand || facts.strand->begins || facts.strand->name != header.strand ||
        facts.strand->session != header.session) {
      fail("a frame of another strand", header.strand);
    }
    at = facts.strand->n;
  }
  if (at < header.first || at >= header.next) {
    fail("frame " + std::to_string(at), std::to_string(header.first) + " to " + std::to_string(header.next - 1));
  }
  return at;
}

// Of the frames that name a summary: what it has to say of them.
struct Named {
  std::uint64_t frames = 0, events = 0;
  const EventBatch* batch = nullptr;
};

void check(const PartialSummary& summary, const Named& named) {
  const std::string which = "summary " + std::to_string(summary.number);
  if (named.frames != summary.frames) {
    fail(which + " of " + std::to_string(summary.frames) + " frames", std::to_string(named.frames) + ", which name it");
  }
  if (summary.parsed->events != named.events) {
    fail(which + " of " + std::to_string(summary.parsed->events) + " events",
         std::to_string(named.events) + ", those of its frames");
  }
}

}  // namespace

std::string frame_position(std::int32_t partition, std::int64_t offset) {
  return std::to_string(partition) + ":" + std::to_string(offset);
}

std::optional<FramePlace> frame_place(std::string_view position) {
  FramePlace place;
  const char* const last = position.data() + position.size();
  const auto [middle, bad] = std::from_chars(position.data(), last, place.partition);
  if (bad != std::errc() || place.partition < 0 || middle == last || *middle != ':') return {};
  const auto [end, worse] = std::from_chars(middle + 1, last, place.offset);
  if (worse != std::errc() || end != last || place.offset < 0) return {};
  return place;
}

std::string packed_partial(const PartialHeader& header, std::string_view lines) {
  nlohmann::ordered_json first = {
      {"type", "partial"}, {"version", kVersion}, {"settings", header.settings}, {"worker", header.worker}};
  if (header.partition) {
    put(first, "partition", *header.partition);
  } else {
    put(first, "strand", header.strand);
    put(first, "session", header.session);
  }
  put(first, "first", header.first);
  put(first, "next", header.next);
  std::string text = json_text(first) + "\n";
  text += lines;
  std::string out(ZSTD_compressBound(text.size()), '\0');
  const std::size_t size = ZSTD_compress(out.data(), out.size(), text.data(), text.size(), kLevel);
  if (ZSTD_isError(size) != 0) throw Error(kWhere, std::string("zstd: ") + ZSTD_getErrorName(size), "no error");
  out.resize(size);
  return out;
}

Partial read_partial(std::string_view message, const std::string& origin, const PartialModels& models) {
  const std::string lines = inflated(message);
  Partial partial;
  partial.bytes = lines.size();
  std::map<std::uint64_t, std::shared_ptr<PartialSummary>> summaries;
  std::map<std::uint64_t, Named> named;
  bool is_first = true;
  for (std::size_t at = 0; at < lines.size();) {
    const std::size_t end = lines.find('\n', at);
    if (end == std::string::npos) fail("a last line without an end", "whole lines");
    const std::string_view line = std::string_view(lines).substr(at, end - at);
    at = end + 1;
    if (std::exchange(is_first, false)) {
      partial.header = header_from(line);
    } else if (line_type(line) == "frame") {
      ReadFrame frame;
      frame.facts = frame_from_line(line, kWhere);
      frame.offset = place_of(frame.facts, partial.header);
      const bool goes_on = partial.frames.empty() || frame.offset > partial.frames.back().offset;
      if (!goes_on) fail("frame " + std::to_string(frame.offset) + " out of order", "one after the other");
      partial.frames.push_back(std::move(frame));
    } else if (line_type(line) == "summary") {
      auto summary = std::make_shared<PartialSummary>(summary_from_line(line, kWhere));
      summary->origin = origin;
      if (!summaries.emplace(summary->number, summary).second) {
        fail("summary " + std::to_string(summary->number) + " twice", "each once");
      }
    } else {
      fail("a line of another kind", "frames and summaries");
    }
  }
  if (is_first) fail("no line", "a first line");
  const PartialHeader& header = partial.header;
  if (!header.partition && partial.frames.size() != header.next - header.first) {
    fail(std::to_string(partial.frames.size()) + " frames", std::to_string(header.next - header.first));
  }
  for (ReadFrame& frame : partial.frames) {
    if (!frame.facts.summary) continue;
    const auto found = summaries.find(*frame.facts.summary);
    if (found == summaries.end()) fail("no summary " + std::to_string(*frame.facts.summary), "it, a frame names it");
    const PartialSummary& summary = *found->second;
    const EventBatch& b = frame.facts.batch;
    if (b.model != summary.model || b.stream != summary.stream || b.run != summary.run || b.ls != summary.ls) {
      fail("a frame in the summary of another lumisection", "its own");
    }
    Named& of = named[summary.number];
    ++of.frames;
    of.events += b.n;
    frame.summary = found->second;
  }
  for (auto& [number, summary] : summaries) {
    const ModelInfo* model = models(summary->model);
    if (model == nullptr) fail("a summary of model " + shown(summary->model), "a loaded one");
    summary->parsed = std::make_shared<const Summary>(summary_from_json(summary->text, *model, kWhere));
    check(*summary, named[number]);
  }
  return partial;
}

}  // namespace vigil::ingest
