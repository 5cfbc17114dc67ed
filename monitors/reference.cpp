#include "monitors/reference.h"

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <system_error>

#include "core/error.h"
#include "core/json_text.h"

namespace vigil::monitors {
namespace {

using nlohmann::json;
constexpr std::string_view kFormat = "vigil-reference";
constexpr int kVersion = 1;

// The object must have the key with the type; the reason names both.
const json& member(const json& object, const char* key, json::value_t type, const std::string& where) {
  const auto it = object.is_object() ? object.find(key) : object.end();
  if (!object.is_object() || it == object.end()) throw Error(where, std::string("no key '") + key + "'");
  const bool fits = it->type() == type || (type == json::value_t::number_unsigned && it->is_number_unsigned());
  if (!fits) throw Error(where, std::string("key '") + key + "' is " + it->type_name(), json(type).type_name());
  return *it;
}

std::uint32_t small(const json& value, const std::string& where) {
  if (!value.is_number_unsigned() || value.get<std::uint64_t>() > UINT32_MAX) {
    throw Error(where, "a run or lumisection that is no integer in 0.." + std::to_string(UINT32_MAX));
  }
  return value.get<std::uint32_t>();
}

}  // namespace

void Reference::add(std::uint32_t run, std::uint32_t ls, const Summary& lumisection) {
  summary += lumisection;
  if (!ranges.empty() && ranges.back().run == run && ls == ranges.back().last_ls + 1) {
    ranges.back().last_ls = ls;
  } else {
    ranges.push_back({run, ls, ls});
  }
}

std::string to_json(const Reference& r) {
  std::string text = "{\"format\":\"" + std::string(kFormat) + "\",\"version\":" + std::to_string(kVersion) +
                     ",\"model\":" + json_text(r.model) + ",\"stream\":" + json_text(r.stream) +
                     ",\"selection\":" + json_text(r.selection) + ",\"ranges\":[";
  for (const ReferenceRange& range : r.ranges) {
    if (text.back() != '[') text += ',';
    text += '[';
    text +=
        std::to_string(range.run) + ',' + std::to_string(range.first_ls) + ',' + std::to_string(range.last_ls) + ']';
  }
  return text + "],\"summary\":" + to_json(r.summary) + "}";
}

Reference reference_from_json(std::string_view text, const ModelInfo& model, const std::string& where) {
  const json document = json::parse(text, nullptr, false);
  if (document.is_discarded()) throw Error(where, "not JSON", "a reference made by vigil");
  const std::string format = member(document, "format", json::value_t::string, where).get<std::string>();
  if (format != kFormat) throw Error(where, "format " + json_text(format.substr(0, 60)), std::string(kFormat));
  const auto version = member(document, "version", json::value_t::number_unsigned, where).get<std::uint64_t>();
  if (version != kVersion) throw Error(where, "version " + std::to_string(version), std::to_string(kVersion));
  Reference r;
  r.summary = summary_from_json(member(document, "summary", json::value_t::object, where).dump(), model, where);
  r.model = member(document, "model", json::value_t::string, where).get<std::string>();
  r.stream = member(document, "stream", json::value_t::string, where).get<std::string>();
  r.selection = member(document, "selection", json::value_t::string, where).get<std::string>();
  for (const json& range : member(document, "ranges", json::value_t::array, where)) {
    if (!range.is_array() || range.size() != 3) throw Error(where, "a range", "[run, first_ls, last_ls]");
    r.ranges.push_back({small(range[0], where), small(range[1], where), small(range[2], where)});
  }
  return r;
}

void save_reference(const Reference& reference, const std::string& path) {
  const std::string next = path + ".new";
  {
    std::ofstream file(next, std::ios::binary | std::ios::trunc);
    file << to_json(reference) << '\n';
    file.close();
    if (!file) {
      std::remove(next.c_str());
      throw Error(path, "cannot be written", "a writable folder with room on the disk");
    }
  }
  std::error_code error;
  std::filesystem::rename(next, path, error);
  if (error) throw Error(path, "cannot be replaced: " + error.message());
}

Reference load_reference(const std::string& path, const ModelInfo& model) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(path, error)) throw Error(path, "cannot be read", "a reference file");
  std::ifstream file(path, std::ios::binary);
  const std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  if (!file.is_open() || file.bad()) throw Error(path, "cannot be read", "a reference file");
  return reference_from_json(text, model, path);
}

void Learner::learn(std::uint32_t run, std::uint32_t ls, const Summary& lumisection) {
  if (done()) return;
  reference_.add(run, ls, lumisection);
  ++learned_;
  last_run_ = run;
  last_ls_ = ls;
  saved_.clear();
}

std::string Learner::progress() const {
  std::string text = "learning " + std::to_string(std::min(learned_, wanted_)) + " of " + std::to_string(wanted_);
  if (learned_ >= wanted_) {
    text += ", " + std::to_string(events()) + " of " + std::to_string(wanted_events_) + " events";
  }
  return text;
}

bool Learner::is_after(std::uint32_t run, std::uint32_t ls) const {
  // Runs come in order of time, not of number: another run than that of the last learned lumisection is a later one.
  return run != last_run_ || ls > last_ls_;
}

const std::string& Learner::save() const {
  if (saved_.empty()) {
    saved_ = "{\"wanted\":" + std::to_string(wanted_) + ",\"learned\":" + std::to_string(learned_) +
             ",\"last_run\":" + std::to_string(last_run_) + ",\"last_ls\":" + std::to_string(last_ls_);
    if (learned_ > 0) saved_ += ",\"reference\":" + to_json(reference_);
    saved_ += '}';
  }
  return saved_;
}

void Learner::load(std::string_view text, const ModelInfo& model, const std::string& where) {
  const json document = json::parse(text, nullptr, false);
  Learner next(wanted_, wanted_events_);
  const auto number = [&](const char* key) {
    return small(member(document, key, json::value_t::number_unsigned, where), where);
  };
  next.learned_ = number("learned");
  next.last_run_ = number("last_run");
  next.last_ls_ = number("last_ls");
  // Another number to learn than at the time: what is learned counts, and more is learned where that is not enough.
  if (next.learned_ > 0) {
    next.reference_ =
        reference_from_json(member(document, "reference", json::value_t::object, where).dump(), model, where);
  }
  *this = std::move(next);
}

}  // namespace vigil::monitors
