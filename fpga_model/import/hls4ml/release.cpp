#include "fpga_model/import/hls4ml/release.h"

#include <charconv>

#include "core/digest.h"
#include "core/error.h"
#include "fpga_model/import/hls4ml/config.h"

namespace vigil::fpga_model::hls4ml {
namespace {

struct KnownHeader {
  const char* name;
  Release first;
  Release last;
  const char* fingerprint;
};

constexpr KnownHeader kKnownHeaders[] = {
#define HLS4ML_HEADER(name, first_major, first_minor, last_major, last_minor, digest) \
  {name, {first_major, first_minor}, {last_major, last_minor}, digest},
#include "fpga_model/import/hls4ml/fingerprints.def"
#undef HLS4ML_HEADER
};

}  // namespace

Release parse_release(const std::string& text, const std::string& where) {
  const auto refuse = [&] [[noreturn]] () {
    throw Error(where, "hls4ml version '" + text.substr(0, 40) + "'", "such as 1.2 or 1.2.0");
  };
  std::vector<int> parts;
  const char* at = text.data() + (text.starts_with("v") ? 1 : 0);
  const char* end = text.data() + text.size();
  while (parts.size() < 3) {
    int part = 0;
    const auto [next, problem] = std::from_chars(at, end, part);
    if (problem != std::errc{} || part < 0 || part > 99) refuse();
    parts.push_back(part);
    at = next;
    if (at == end || *at != '.') break;
    ++at;
  }
  if (at != end || parts.size() < 2) refuse();
  return {parts[0], parts[1]};
}

std::string release_name(const Release& release) {
  return std::to_string(release.major) + "." + std::to_string(release.minor);
}

ReleaseTeller::ReleaseTeller(const std::optional<std::string>& stated, const std::string& where) : where_(where) {
  if (stated) stated_ = parse_release(*stated, where);
}

void ReleaseTeller::narrow(const Release& first, const Release& last, const std::string& why) {
  const Span before = project_;
  project_.first = std::max(project_.first, first);
  project_.last = std::min(project_.last, last);
  if (project_.last < project_.first) {  // an edited project: the newer sign counts
    project_ = {std::max(before.first, first), std::max(before.last, last)};
  }
  if (before.first < project_.first || project_.last < before.last) reason_ += (reason_.empty() ? "" : ", ") + why;
}

void ReleaseTeller::look_at(const Declarations& declarations, bool has_sizes) {
  bool early = false;
  bool softmax = false;
  bool normed = false;
  bool dense = false;
  bool kernels = false;
  bool merge = false;
  bool broadcasts = false;
  for (const auto& [name, structure] : declarations.structures()) {
    early = early || is_early_product(structure);
    if (name.starts_with("softmax_config")) {
      softmax = true;
      normed = normed || structure.types.contains("inp_norm_t") || structure.values.contains("n_slice");
    } else if (structure.base == "dense_config" && structure.values.contains("n_in")) {
      dense = true;
      kernels = kernels || structure.templates.contains("kernel");
    } else if (structure.base == "merge_config") {
      merge = true;
      broadcasts = broadcasts || structure.values.contains("n_elem1");
    }
  }
  if (has_sizes || early) {
    narrow({0, 0}, {0, 6}, has_sizes ? "the sizes its top function returns" : "products of three types");
  } else {
    project_.first = {0, 7};
  }
  if (kernels) narrow({1, 0}, {9, 9}, "dense configurations with 'kernel'");
  if (dense && !kernels) narrow({0, 0}, {0, 9}, "dense configurations without 'kernel'");
  if (normed) narrow({1, 2}, {9, 9}, "softmax configurations with 'inp_norm_t'");
  if (softmax && !normed) narrow({0, 0}, {1, 1}, "softmax configurations without 'inp_norm_t'");
  if (broadcasts) narrow({1, 3}, {9, 9}, "merge configurations with 'n_elem1'");
  if (merge && !broadcasts) narrow({0, 0}, {1, 2}, "merge configurations without 'n_elem1'");
}

ReleaseTeller::Header ReleaseTeller::look_at_header(const std::string& name, std::string_view bytes,
                                                    const std::string& path) {
  std::string print;
  try {
    print = header_fingerprint(bytes, path);
  } catch (const Error&) {  // no C++ text at all
    unknown_.insert(name);
    return {name, false};
  }
  Span span{{9, 9}, {0, 0}};
  Header header{name, false};
  for (const KnownHeader& known : kKnownHeaders) {
    if (print != known.fingerprint) continue;
    header = {known.name, true};
    span.first = std::min(span.first, known.first);
    span.last = std::max(span.last, known.last);
  }
  if (header.known) {
    headers_[header.name] = span;
  } else {
    unknown_.insert(name);
  }
  return header;
}

bool ReleaseTeller::at_least(const Release& release, const std::string& header, const std::string& what) const {
  if (stated_) return *stated_ >= release;
  const auto at = headers_.find(header);
  const Span& span = at != headers_.end() ? at->second : project_;
  if (span.first >= release) return true;
  if (span.last < release) return false;
  throw Error(where_, what + ": different since hls4ml " + release_name(release) + ", and no file tells the release",
              kAskForRelease);
}

std::vector<std::string> ReleaseTeller::notes() const {
  std::vector<std::string> notes;
  if (stated_) {
    notes.push_back("hls4ml " + release_name(*stated_) + ", as stated");
  } else if (!reason_.empty()) {
    const Release last = project_.last == Release{0, 9} ? Release{0, 8} : project_.last;
    std::string span = project_.last == Release{9, 9}    ? release_name(project_.first) + " or later"
                       : project_.first == Release{0, 0} ? release_name(last) + " or earlier"
                       : project_.first == last          ? release_name(last)
                                                         : release_name(project_.first) + " to " + release_name(last);
    notes.push_back("hls4ml " + span + ", told from " + reason_);
  }
  if (!unknown_.empty()) {
    std::string names;
    for (const std::string& name : unknown_) names += (names.empty() ? "" : ", ") + name;
    notes.push_back("nnet_utils of no known release" +
                    std::string(stated_ ? ", read by the rules of the release stated: " : ", which no layer uses: ") +
                    names);
  }
  return notes;
}

std::string header_fingerprint(std::string_view bytes, const std::string& path) {
  std::size_t budget = std::size_t{1} << 20;
  Sha256 digest;
  for (const Token& token : tokenize(bytes, path, budget).tokens) {
    digest.update(token.text);
    digest.update(" ");
  }
  return digest.hex().substr(0, 16);
}

}  // namespace vigil::fpga_model::hls4ml
