// vigil decode: an annotated dump of recordings, or of the body of one frame.
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "app/command.h"
#include "app/model_set.h"
#include "app/refused_word.h"
#include "app/text.h"
#include "core/error.h"
#include "core/shown.h"
#include "ingest/decode.h"
#include "replay/recording_reader.h"
#include "replay/replay_source.h"

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
    // Names are the publisher's, cut; sentences and paths are ours.
    const std::size_t most = key == "decodes" || key == "reason" || key == "file" ? kShownReason : kShownCharacters;
    text += fmt::format("{}{} {}", text.empty() ? "" : "  ", key,
                        value.is_string() ? shown(value.get<std::string>(), most) : value.dump());
  }
  fmt::print("{}\n", text);
}

// Says what a monitor of these models would say of a message.
class Checker {
 public:
  explicit Checker(const ModelSet* models) : models_(models) {}

  std::string operator()(const std::vector<std::string>& parts) const {
    Frame frame;
    frame.parts = parts;
    EventBatch batch;
    std::string detail;
    Rejection cause = ingest::decode(
        frame, [this](std::string_view name) { return info_of(name); }, batch, &detail);
    if (cause != Rejection::none) return said(cause, detail);
    if (models_ == nullptr) return "ok without a model; --model PKG checks widths, types and words too";
    const Model& model = **models_->find(batch.model);
    if (batch.model_hash && *batch.model_hash != model.info().hash) {
      return "ok, but of another model_hash than " + model.info().hash;
    }
    detail = refused_word(model, batch);
    return detail.empty() ? "ok" : said(Rejection::word_range, detail);
  }

 private:
  const ModelInfo* info_of(std::string_view name) const {
    static const ModelInfo unknown;  // without inputs: whatever a batch has can be its columns
    if (models_ == nullptr) return &unknown;
    const auto* model = models_->find(name);
    return model == nullptr ? nullptr : &(*model)->info();
  }
  static std::string said(Rejection cause, const std::string& detail) {
    return std::string(to_string(cause)) + (detail.empty() ? "" : ": " + detail);
  }

  const ModelSet* models_;
};

void decode_recording(const std::string& file, const Checker& check, bool json) {
  replay::RecordingReader reader(file);
  replay::RecordingItem item;
  std::uint64_t frames = 0, lost = 0;
  while (reader.next(item)) {
    ordered_json out = {{"offset", item.offset}, {"bytes", item.length}, {"record", to_string(item.kind)}};
    using Kind = replay::RecordingItem::Kind;
    if (item.kind == Kind::frame || item.kind == Kind::drop) out.update(header_json(item.header));
    if (item.kind == Kind::frame) {
      ++frames;
      out["decodes"] = check({item.parts.begin(), item.parts.end()});
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

// A msgpack map starts with 0x80..0x8f, 0xde or 0xdf, and an array, which was meant to be one, with 0x90..0x9f, 0xdc or
// 0xdd; a recording with its magic.
bool is_body(char first) {
  const auto byte = static_cast<unsigned char>(first);
  return (byte & 0xe0) == 0x80 || (byte & 0xfc) == 0xdc;
}

void decode_body(const std::string& body, const Checker& check, bool json) {
  FrameHeader header = ingest::peek_header({"", body});
  header.topic = header.stream + "/" + header.model;  // a body alone has no topic to contradict it
  ordered_json out = header_json(header);
  out["bytes"] = body.size();
  out["decodes"] = check({header.topic, body});
  print(out, json);
}

struct DecodeOptions {
  std::string file;  // or folder
  std::vector<std::string> models;
  bool json = false;
};

int run_decode(const DecodeOptions& options) {
  namespace fs = std::filesystem;
  std::optional<ModelSet> models;
  if (!options.models.empty()) models.emplace(options.models);
  const Checker check(models ? &*models : nullptr);
  std::error_code error;
  if (fs::is_directory(options.file, error)) {
    for (const fs::path& file : replay::recording_files({options.file}))
      decode_recording(file.string(), check, options.json);
    return 0;
  }
  if (!fs::is_regular_file(options.file, error)) {
    throw Error(options.file, "no such file", "a recording (file or folder), or the msgpack body of one frame");
  }
  std::ifstream in(options.file, std::ios::binary);
  char first = 0;
  if (in.get(first) && is_body(first)) {
    std::string body(std::min<std::uintmax_t>(fs::file_size(options.file), ingest::kLargestMessage + 1), '\0');
    in.seekg(0);
    in.read(body.data(), static_cast<std::streamsize>(body.size()));
    body.resize(static_cast<std::size_t>(in.gcount()));
    decode_body(body, check, options.json);
  } else {
    decode_recording(options.file, check, options.json);
  }
  return 0;
}

}  // namespace

Command decode_command() {
  const auto o = std::make_shared<DecodeOptions>();
  return {"decode",
          "annotated dump of a frame or recording",
          "vigil decode run1/ --model demo/model",
          {{"FILE", &o->file, "recording (file or folder), or the msgpack body of one frame", Presence::required},
           {"--model", &o->models, "model package: checks its columns too (repeatable)"},
           {"--json", &o->json, "JSON Lines"}},
          [o] { return run_decode(*o); }};
}

}  // namespace vigil::app
