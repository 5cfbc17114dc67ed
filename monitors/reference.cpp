#include "monitors/reference.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/json_text.h"
#include "core/shown.h"
#include "core/whole_file.h"

namespace vigil::monitors {
namespace {

using nlohmann::json;
constexpr std::string_view kFormat = "vigil-reference";
constexpr int kVersion = 2;

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

std::string range_text(const std::vector<ReferenceRange>& ranges) {
  std::string text = "[";
  for (const ReferenceRange& range : ranges) {
    if (text.back() != '[') text += ',';
    text += "[" + std::to_string(range.run) + ',' + std::to_string(range.first_ls) + ',' +
            std::to_string(range.last_ls) + ']';
  }
  return text + "]";
}

std::vector<ReferenceRange> ranges_from(const json& list, const std::string& where) {
  std::vector<ReferenceRange> ranges;
  for (const json& range : list) {
    if (!range.is_array() || range.size() != 3) throw Error(where, "a range", "[run, first_ls, last_ls]");
    ranges.push_back({small(range[0], where), small(range[1], where), small(range[2], where)});
  }
  return ranges;
}

json json_of(const ReferenceKey& key) {
  json out = json::object();
  if (key.menu) out["menu"] = *key.menu;
  if (key.prescale_column) out["prescale_column"] = *key.prescale_column;
  if (key.beam_mode) out["beam_mode"] = *key.beam_mode;
  return out;
}

ReferenceKey key_from(const json& object, const std::string& where) {
  ReferenceKey key;
  for (const auto& [name, value] : object.items()) {
    if (name == "menu" && value.is_string()) {
      key.menu = value.get<std::string>();
    } else if (name == "beam_mode" && value.is_string()) {
      key.beam_mode = value.get<std::string>();
    } else if (name == "prescale_column" && value.is_number_integer()) {
      key.prescale_column = value.get<std::int64_t>();
    } else {
      throw Error(where, "key '" + name.substr(0, 60) + "' of a reference: " + json_text(value).substr(0, 60),
                  "menu (text), prescale_column (whole number) or beam_mode (text)");
    }
  }
  return key;
}

json json_of(const RateFit& fit) {
  return {{"coefficients", fit.coefficients}, {"covariance", fit.covariance}, {"pileup", {fit.low, fit.high}}};
}

RateFit fit_from(const json& object, const std::string& where) {
  RateFit fit;
  const auto numbers = [&](const json& list, std::size_t size) {
    if (!list.is_array() || list.size() != size || !std::all_of(list.begin(), list.end(), [](const json& n) {
          return n.is_number() && std::isfinite(n.get<double>());
        })) {
      throw Error(where, "a fit of a rate: " + json_text(list).substr(0, 60), std::to_string(size) + " numbers");
    }
    return list;
  };
  fit.coefficients =
      numbers(member(object, "coefficients", json::value_t::array, where), 3).get<std::array<double, 3>>();
  const json& rows = member(object, "covariance", json::value_t::array, where);
  if (rows.size() != 3) throw Error(where, "a covariance of " + std::to_string(rows.size()) + " rows", "3");
  for (std::size_t i = 0; i < 3; ++i) fit.covariance[i] = numbers(rows[i], 3).get<std::array<double, 3>>();
  const json& range = numbers(member(object, "pileup", json::value_t::array, where), 2);
  fit.low = range[0].get<double>();
  fit.high = range[1].get<double>();
  return fit;
}

std::string entry_json(const Reference& r) {
  json rates = json::object();
  for (const auto& [seed, fit] : r.rates) rates[seed] = json_of(fit);
  return "{\"key\":" + json_text(json_of(r.key)) + ",\"selection\":" + json_text(r.selection) +
         ",\"ranges\":" + range_text(r.ranges) + ",\"summary\":" + to_json(r.summary) +
         ",\"rates\":" + json_text(rates) + (r.scatter.empty() ? "" : ",\"scatter\":" + r.scatter.to_json()) + "}";
}

// What all entries have in common, up to the list of them.
std::string head_json(const Reference& r) {
  const double width = static_cast<double>(r.summary.pileup_width) / 100;
  return "{\"format\":\"" + std::string(kFormat) + "\",\"version\":" + std::to_string(kVersion) +
         ",\"model\":" + json_text(r.model) + ",\"model_hash\":" + json_text(r.summary.model_hash) +
         ",\"stream\":" + json_text(r.stream) + ",\"pileup_width\":" + json_text(json(width)) + ",\"references\":[";
}

}  // namespace

void Reference::add(std::uint32_t run, std::uint32_t ls, const Summary& lumisection) {
  summary += lumisection;
  scatter.add(lumisection);
  if (!ranges.empty() && ranges.back().run == run && ls == ranges.back().last_ls + 1) {
    ranges.back().last_ls = ls;
  } else {
    ranges.push_back({run, ls, ls});
  }
}

std::string to_json(const Reference& r) { return head_json(r) + entry_json(r) + "]}"; }

std::string to_json(const References& references) {
  std::string text = head_json(references.entries.front());
  for (const Reference& r : references.entries) {
    if (text.back() != '[') text += ',';
    text += entry_json(r);
  }
  return text + "]}";
}

References references_from_json(std::string_view text, const ModelInfo& model, const std::string& where) {
  const json document = json::parse(text, nullptr, false);
  if (document.is_discarded()) throw Error(where, "not JSON", "a reference made by vigil");
  const std::string format = member(document, "format", json::value_t::string, where).get<std::string>();
  if (format != kFormat) throw Error(where, "format " + json_text(format.substr(0, 60)), std::string(kFormat));
  const auto version = member(document, "version", json::value_t::number_unsigned, where).get<std::uint64_t>();
  if (version < 1 || version > kVersion) {
    throw Error(where, "version " + std::to_string(version), "1 to " + std::to_string(kVersion));
  }
  const auto one = [&](const json& entry) {
    Reference r;
    r.summary = summary_from_json(member(entry, "summary", json::value_t::object, where).dump(), model, where);
    r.model = member(document, "model", json::value_t::string, where).get<std::string>();
    r.stream = member(document, "stream", json::value_t::string, where).get<std::string>();
    r.selection = member(entry, "selection", json::value_t::string, where).get<std::string>();
    r.ranges = ranges_from(member(entry, "ranges", json::value_t::array, where), where);
    if (entry.contains("scatter")) {
      r.scatter = LumisectionScatter::from_json(entry["scatter"].dump(), model, where);
    }
    return r;
  };
  if (version == 1) return one(document);
  References out;
  const std::string hash = member(document, "model_hash", json::value_t::string, where).get<std::string>();
  if (hash != model.hash) {
    throw Error(where, "model hash " + json_text(hash.substr(0, 80)), "\"" + model.hash + "\" of model " + model.name);
  }
  const auto width = document.find("pileup_width");
  if (width == document.end() || !width->is_number() || !(width->get<double>() >= 0) || width->get<double>() > 1000) {
    throw Error(where, "key 'pileup_width'", "a number in 0..1000");
  }
  const auto hundredths = static_cast<std::uint32_t>(std::llround(100 * width->get<double>()));
  for (const json& entry : member(document, "references", json::value_t::array, where)) {
    Reference r = one(entry);
    r.key = key_from(member(entry, "key", json::value_t::object, where), where);
    for (const auto& [seed, fit] : member(entry, "rates", json::value_t::object, where).items()) {
      r.rates[seed] = fit_from(fit, where);
    }
    if (r.summary.pileup_width != hundredths) {
      throw Error(where, "a summary in strata of " + std::to_string(r.summary.pileup_width) + " hundredths",
                  std::to_string(hundredths) + ", as its pileup_width says");
    }
    if (std::any_of(out.entries.begin(), out.entries.end(), [&](const Reference& o) { return o.key == r.key; })) {
      throw Error(where, "two references for " + json_text(json_of(r.key)), "one for each key");
    }
    out.entries.push_back(std::move(r));
  }
  if (out.entries.empty()) throw Error(where, "no reference in it", "at least one");
  return out;
}

std::uint32_t References::pileup_width() const { return entries.front().summary.pileup_width; }

std::optional<std::size_t> References::find(const ReferenceKey& conditions) const {
  std::optional<std::size_t> found;
  int most = -1;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    const ReferenceKey& key = entries[i].key;
    int keys = 0;
    bool fits = true;
    const auto compare = [&](const auto& wanted, const auto& own) {
      if (!wanted) return;
      ++keys;
      fits = fits && wanted == own;
    };
    compare(key.menu, conditions.menu);
    compare(key.prescale_column, conditions.prescale_column);
    compare(key.beam_mode, conditions.beam_mode);
    if (!fits || keys <= most) continue;
    most = keys;
    found = i;
  }
  return found;
}

std::string References::why_none(const ReferenceKey& conditions) const {
  // The keys no entry has this value of; where each alone is there, all that any entry asks for.
  std::string missing, asked;
  const auto look = [&](const char* name, auto ReferenceKey::*member, const std::string& value) {
    const bool is_asked =
        std::any_of(entries.begin(), entries.end(), [&](const Reference& r) { return (r.key.*member).has_value(); });
    const bool is_there = std::any_of(entries.begin(), entries.end(), [&](const Reference& r) {
      return !(r.key.*member) || r.key.*member == conditions.*member;
    });
    const auto add = [&](std::string& to) { to += (to.empty() ? "" : ", ") + std::string(name) + " " + value; };
    if (is_asked) add(asked);
    if (!is_there) add(missing);
  };
  look("menu", &ReferenceKey::menu, conditions.menu ? shown(*conditions.menu) : "none");
  look("prescale column", &ReferenceKey::prescale_column,
       conditions.prescale_column ? std::to_string(*conditions.prescale_column) : "none");
  look("beam mode", &ReferenceKey::beam_mode, conditions.beam_mode ? shown(*conditions.beam_mode) : "none");
  return "no reference for " + (missing.empty() ? asked : missing);
}

bool References::has_rates() const {
  return std::any_of(entries.begin(), entries.end(), [](const Reference& r) { return !r.rates.empty(); });
}

void save_references(const References& references, const std::string& path) {
  write_whole(path, to_json(references) + "\n");
}

References load_references(const std::string& path, const ModelInfo& model) {
  return references_from_json(read_whole(path, "a reference file"), model, path);
}

void Learner::learn(std::uint32_t run, std::uint32_t ls, const Summary& lumisection) {
  if (done()) return;
  reference_.add(run, ls, lumisection);
  ++learned_;
  last_run_ = run;
  last_ls_ = ls;
  if (done()) reference_.scatter.complete(reference_.summary);
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
        references_from_json(member(document, "reference", json::value_t::object, where).dump(), model, where)
            .entries.front();
    if (next.done()) next.reference_.scatter.complete(next.reference_.summary);
  }
  *this = std::move(next);
}

}  // namespace vigil::monitors
