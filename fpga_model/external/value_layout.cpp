#include "fpga_model/external/value_layout.h"

#include <cxxabi.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <memory>

#include "core/error.h"
#include "fpga_model/tensor.h"

namespace vigil::fpga_model {
namespace {

constexpr int kMaxDepth = 16;

// Reads one type from the front of `text`.
class TypeReader {
 public:
  explicit TypeReader(std::string_view text) : text_(text) {}

  std::optional<ValueLayout> whole() {
    auto layout = type(0);
    skip_spaces();
    while (layout && take("[")) {
      const auto n = number();
      if (!n || !take("]")) return {};
      layout = repeated(*layout, *n);
      skip_spaces();
    }
    if (!text_.empty()) return {};
    return layout;
  }

 private:
  void skip_spaces() {
    while (!text_.empty() && text_.front() == ' ') text_.remove_prefix(1);
  }
  bool take(std::string_view token) {
    skip_spaces();
    if (!text_.starts_with(token)) return false;
    text_.remove_prefix(token.size());
    return true;
  }
  std::optional<long> number() {
    skip_spaces();
    long value = 0;
    const auto [end, error] = std::from_chars(text_.data(), text_.data() + text_.size(), value);
    if (error != std::errc{}) return {};
    text_.remove_prefix(static_cast<std::size_t>(end - text_.data()));
    for (const char suffix : {'u', 'l', 'l'}) {
      if (!text_.empty() && text_.front() == suffix) text_.remove_prefix(1);
    }
    return value;
  }

  static std::optional<ValueLayout> repeated(ValueLayout one, long n) {
    if (n < 1 || n > static_cast<long>(kMaxWords) || one.ports.size() != 1 || one.ports[0].offset != 0) return {};
    if (one.ports[0].words * one.ports[0].word_bytes != one.bytes) return {};
    const auto count = static_cast<std::size_t>(n);
    if (one.ports[0].words > kMaxWords / count) return {};
    one.ports[0].words *= count;
    one.bytes *= count;
    return one;
  }

  static std::optional<ValueLayout> scalar(const FixedPoint& type) {
    const std::size_t bytes = type.width <= 8 ? 1 : type.width <= 16 ? 2 : type.width <= 32 ? 4 : 8;
    return ValueLayout{{{type, 1, 0, bytes}}, bytes, bytes};
  }

  // "W, I, (ap_q_mode)Q, (ap_o_mode)O, N>" after "ap_fixed<".
  std::optional<ValueLayout> fixed(bool is_signed) {
    constexpr std::array kQ = {"AP_RND",      "AP_RND_ZERO", "AP_RND_MIN_INF", "AP_RND_INF",
                               "AP_RND_CONV", "AP_TRN",      "AP_TRN_ZERO"};
    constexpr std::array kO = {"AP_SAT", "AP_SAT_ZERO", "AP_SAT_SYM", "AP_WRAP", "AP_WRAP_SM"};
    const auto w = number();
    if (!w || !take(",")) return {};
    const auto i = number();
    if (!i || !take(",") || !take("(ap_q_mode)")) return {};
    const auto q = number();
    if (!q || *q < 0 || *q >= static_cast<long>(kQ.size()) || !take(",") || !take("(ap_o_mode)")) return {};
    const auto o = number();
    if (!o || *o < 0 || *o >= static_cast<long>(kO.size()) || !take(",")) return {};
    const auto n = number();
    if (!n || !take(">")) return {};
    return checked((is_signed ? "ap_fixed<" : "ap_ufixed<") + std::to_string(*w) + "," + std::to_string(*i) + "," +
                   kQ[static_cast<std::size_t>(*q)] + "," + kO[static_cast<std::size_t>(*o)] + "," +
                   std::to_string(*n) + ">");
  }
  std::optional<ValueLayout> integer(bool is_signed) {
    const auto w = number();
    if (!w || !take(">")) return {};
    const std::string width = std::to_string(*w);
    return checked((is_signed ? "ap_fixed<" : "ap_ufixed<") + width + "," + width + ">");
  }
  static std::optional<ValueLayout> checked(const std::string& text) {
    try {
      return scalar(parse_fixed_point(text, "type"));
    } catch (const Error&) {
      return {};
    }
  }

  std::optional<ValueLayout> pair(int depth) {
    const auto first = type(depth + 1);
    if (!first || !take(",")) return {};
    const auto second = type(depth + 1);
    if (!second || !take(">")) return {};
    ValueLayout out = *first;
    const auto aligned = [](std::size_t n, std::size_t to) { return (n + to - 1) / to * to; };
    const std::size_t start = aligned(first->bytes, second->alignment);
    for (Port port : second->ports) {
      port.offset += start;
      out.ports.push_back(port);
    }
    out.alignment = std::max(first->alignment, second->alignment);
    out.bytes = aligned(start + second->bytes, out.alignment);
    return out.bytes <= kMaxWords * 8 ? std::optional(out) : std::nullopt;
  }

  std::optional<ValueLayout> type(int depth) {
    if (depth > kMaxDepth) return {};
    if (take("ap_fixed<")) return fixed(true);
    if (take("ap_ufixed<")) return fixed(false);
    if (take("ap_int<")) return integer(true);
    if (take("ap_uint<")) return integer(false);
    if (take("std::pair<")) return pair(depth);
    if (take("std::array<")) {
      const auto element = type(depth + 1);
      if (!element || !take(",")) return {};
      const auto n = number();
      if (!n || !take(">")) return {};
      return repeated(*element, *n);
    }
    struct Native {
      const char* name;
      int width;
      bool is_signed;
    };
    constexpr Native kNatives[] = {{"signed char", 8, true}, {"unsigned char", 8, false}, {"unsigned short", 16, false},
                                   {"short", 16, true},      {"unsigned int", 32, false}, {"int", 32, true},
                                   {"long", 64, true}};
    for (const Native& native : kNatives) {
      if (!take(native.name)) continue;
      return scalar(FixedPoint{native.width, native.width, native.is_signed});
    }
    return {};
  }

  std::string_view text_;
};

}  // namespace

std::optional<ValueLayout> parse_value_type(std::string_view text) { return TypeReader(text).whole(); }

std::optional<std::string> pointee(std::string_view text) {
  if (const std::size_t at = text.find(" (*) ["); at != std::string_view::npos)
    return std::string(text.substr(0, at)) + " " + std::string(text.substr(at + 5));
  if (text.empty() || text.back() != '*') return {};
  text.remove_suffix(1);
  if (text.ends_with(" const")) text.remove_suffix(6);
  return std::string(text);
}

std::string demangled(const std::string& name) {
  int status = 0;
  const std::unique_ptr<char, decltype(&std::free)> text(abi::__cxa_demangle(name.c_str(), nullptr, nullptr, &status),
                                                         &std::free);
  return status == 0 && text ? std::string(text.get()) : std::string{};
}

std::int64_t load_word(const std::byte* at, const Port& port) {
  std::uint64_t bits = 0;
  std::memcpy(&bits, at, port.word_bytes);  // little-endian
  // The bits above W repeat the sign in the vendor's headers; they are made again here.
  const int unused = 64 - port.type.width;
  bits <<= unused;
  return port.type.is_signed ? static_cast<std::int64_t>(bits) >> unused : static_cast<std::int64_t>(bits >> unused);
}

void store_word(std::byte* at, std::size_t word_bytes, std::int64_t value) { std::memcpy(at, &value, word_bytes); }

}  // namespace vigil::fpga_model
