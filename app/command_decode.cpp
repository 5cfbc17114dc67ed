// vigil decode: an annotated dump of a recording, or of the body of one frame.
#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "app/command.h"
#include "core/error.h"
#include "ingest/decode.h"
#include "replay/recording_reader.h"

namespace vigil::app {
namespace {

using nlohmann::ordered_json;

template <class T>
void put(ordered_json& out, const char* key, const std::optional<T>& value) {
  if (value) out[key] = *value;
}

ordered_json header_json(const FrameHeader& h) {
  ordered_json out;
  out["topic"] = h.topic;
  put(out, "source", h.source);
  put(out, "epoch", h.epoch);
  put(out, "seq", h.seq);
  put(out, "run", h.run);
  put(out, "ls", h.ls);
  put(out, "first_orbit", h.first_orbit);
  put(out, "last_orbit", h.last_orbit);
  out["n"] = h.n;
  return out;
}

void print(const ordered_json& item, bool json) {
  if (json) {
    fmt::print("{}\n", item.dump(-1, ' ', false, ordered_json::error_handler_t::replace));
    return;
  }
  std::string text;
  for (const auto& [key, value] : item.items()) {
    text += fmt::format("{}{} {}", text.empty() ? "" : "  ", key,
                        value.is_string() ? value.get<std::string>()
                                          : value.dump(-1, ' ', false, ordered_json::error_handler_t::replace));
  }
  fmt::print("{}\n", text);
}

// What decoding says of a message; shapes need no loaded model.
std::string verdict_of(const std::vector<std::string>& parts) {
  Frame frame;
  frame.parts = parts;
  EventBatch batch;
  const Rejection cause = ingest::decode(
      frame, [](std::string_view) -> const ModelInfo* { return nullptr; }, batch);
  // Without a model, everything that can be checked has been when only the model is missing.
  return cause == Rejection::unknown_model || cause == Rejection::none ? "header ok, columns need the model"
                                                                       : std::string(to_string(cause));
}

void decode_recording(const std::string& file, bool json) {
  replay::RecordingReader reader(file);
  replay::RecordingItem item;
  std::uint64_t frames = 0, lost = 0;
  while (reader.next(item)) {
    ordered_json out = {{"offset", item.offset}, {"bytes", item.length}, {"record", to_string(item.kind)}};
    using Kind = replay::RecordingItem::Kind;
    if (item.kind == Kind::frame || item.kind == Kind::drop) out.update(header_json(item.header));
    if (item.kind == Kind::frame) {
      ++frames;
      out["decodes"] = verdict_of({item.parts.begin(), item.parts.end()});
    }
    if (item.kind == Kind::damage) {
      lost += item.length;
      out["reason"] = item.reason;
      if (item.resumed) {
        out["resumed_at"] = item.offset + item.length;
      } else {
        out["resumed_at"] = nullptr;
      }
    }
    print(out, json);
  }
  print({{"file", file}, {"frames", frames}, {"bytes_lost", lost}}, json);
}

int run_decode(const std::string& file, bool json) {
  if (!std::filesystem::is_regular_file(file))
    throw Error(file, "no such file", "a recording, or the msgpack body of one frame");
  std::ifstream in(file, std::ios::binary);
  char first = 0;
  in.get(first);
  // A msgpack map starts with 0x80..0x8f, 0xde or 0xdf; a recording with its magic.
  const auto byte = static_cast<unsigned char>(first);
  if (in && ((byte & 0xf0) == 0x80 || byte == 0xde || byte == 0xdf)) {
    in.seekg(0);
    const std::string body{std::istreambuf_iterator<char>(in), {}};
    FrameHeader header = ingest::peek_header({"", body});
    header.topic = header.stream + "/" + header.model;  // a body alone has no topic to contradict it
    ordered_json out = header_json(header);
    out["bytes"] = body.size();
    out["decodes"] = verdict_of({header.topic, body});
    print(out, json);
    return 0;
  }
  decode_recording(file, json);
  return 0;
}

}  // namespace

Command decode_command() {
  struct DecodeOptions {
    std::string file;
    bool json = false;
  };
  const auto o = std::make_shared<DecodeOptions>();
  return {"decode",
          "annotated dump of a frame or recording",
          "vigil decode run1/000001.vrec",
          {{"FILE", &o->file, "recording, or the msgpack body of one frame", Presence::required},
           {"--json", &o->json, "JSON Lines"}},
          [o] { return run_decode(o->file, o->json); }};
}

}  // namespace vigil::app
