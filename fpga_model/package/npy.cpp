#include "fpga_model/package/npy.h"

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cstring>
#include <limits>

#include "core/error.h"

namespace vigil::fpga_model {
namespace {

constexpr std::string_view kMagic = "\x93NUMPY";
constexpr std::size_t kMaxDimensions = 32;

struct Header {
  std::string element;
  bool fortran = false;
  std::vector<std::size_t> shape;
};

// Reads the one dictionary a header may hold: {'descr': '<i8', 'fortran_order': False, 'shape': (3, 4), }.
class HeaderParser {
 public:
  HeaderParser(std::string_view text, const std::string& where) : rest_(text), where_(where) {}

  Header parse() {
    Header header;
    bool seen[3] = {false, false, false};
    expect('{');
    while (!accept('}')) {
      const std::string key = quoted();
      expect(':');
      const int index = key == "descr" ? 0 : key == "fortran_order" ? 1 : key == "shape" ? 2 : -1;
      if (index < 0 || seen[index]) fail("key '" + key.substr(0, 40) + "'");
      seen[index] = true;
      if (index == 0) header.element = quoted();
      if (index == 1) header.fortran = boolean();
      if (index == 2) header.shape = tuple();
      if (!accept(',')) {
        expect('}');
        break;
      }
    }
    skip_space();
    if (!rest_.empty() || !seen[0] || !seen[1] || !seen[2]) fail("a malformed dictionary");
    return header;
  }

 private:
  [[noreturn]] void fail(const std::string& what) const {
    throw Error(where_, "numpy header has " + what,
                "{'descr': '<i4', 'fortran_order': False, 'shape': (rows, columns), }");
  }
  void skip_space() {
    while (!rest_.empty() && (rest_[0] == ' ' || rest_[0] == '\n' || rest_[0] == '\t')) rest_.remove_prefix(1);
  }
  bool accept(char c) {
    skip_space();
    if (rest_.empty() || rest_[0] != c) return false;
    rest_.remove_prefix(1);
    return true;
  }
  void expect(char c) {
    if (!accept(c)) fail(std::string("no '") + c + "' where one belongs");
  }
  std::string quoted() {
    skip_space();
    if (rest_.empty() || (rest_[0] != '\'' && rest_[0] != '"')) fail("no quoted text where one belongs");
    const std::size_t end = rest_.find(rest_[0], 1);
    if (end == std::string_view::npos) fail("an open quote");
    std::string text(rest_.substr(1, end - 1));
    rest_.remove_prefix(end + 1);
    return text;
  }
  bool boolean() {
    skip_space();
    const bool value = rest_.starts_with("True");
    if (!value && !rest_.starts_with("False")) fail("a fortran_order that is neither True nor False");
    rest_.remove_prefix(value ? 4 : 5);
    return value;
  }
  std::vector<std::size_t> tuple() {
    std::vector<std::size_t> shape;
    expect('(');
    while (!accept(')')) {
      skip_space();
      std::size_t value = 0;
      const auto [end, error] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), value);
      if (error != std::errc{} || shape.size() == kMaxDimensions) fail("a malformed shape");
      rest_.remove_prefix(static_cast<std::size_t>(end - rest_.data()));
      shape.push_back(value);
      if (!accept(',')) {
        expect(')');
        break;
      }
    }
    return shape;
  }

  std::string_view rest_;
  const std::string& where_;
};

template <class T>
T load(const char* p, bool swap) {
  std::array<char, sizeof(T)> bytes;
  std::memcpy(bytes.data(), p, sizeof(T));
  if (swap) std::reverse(bytes.begin(), bytes.end());
  return std::bit_cast<T>(bytes);
}

// Calls f(C-order index, file-order element offset) for every element.
template <class F>
void each_element(const Header& header, std::size_t count, F f) {
  if (!header.fortran || header.shape.size() < 2) {
    for (std::size_t i = 0; i < count; ++i) f(i, i);
    return;
  }
  std::vector<std::size_t> stride(header.shape.size(), 1);
  for (std::size_t d = 1; d < stride.size(); ++d) stride[d] = stride[d - 1] * header.shape[d - 1];
  std::vector<std::size_t> index(header.shape.size(), 0);
  std::size_t offset = 0;
  for (std::size_t i = 0; i < count; ++i) {
    f(i, offset);
    for (std::size_t d = index.size(); d-- > 0;) {
      offset += stride[d];
      if (++index[d] < header.shape[d]) break;
      offset -= stride[d] * header.shape[d];
      index[d] = 0;
    }
  }
}

template <class T, class Out>
void convert(const Header& header, const char* data, bool swap, std::vector<Out>& out) {
  each_element(header, out.size(),
               [&](std::size_t i, std::size_t at) { out[i] = static_cast<Out>(load<T>(data + at * sizeof(T), swap)); });
}

int bytes_of(NpyType type) {
  switch (type) {
    case NpyType::i1:
    case NpyType::u1:
      return 1;
    case NpyType::i2:
    case NpyType::u2:
      return 2;
    case NpyType::i4:
    case NpyType::u4:
      return 4;
    default:
      return 8;
  }
}

bool is_unsigned(NpyType type) { return type == NpyType::u1 || type == NpyType::u2 || type == NpyType::u4; }

}  // namespace

std::size_t NpyArray::columns() const {
  std::size_t n = 1;
  for (std::size_t d = 1; d < shape.size(); ++d) n *= shape[d];
  return n;
}

namespace {

void convert_integers(const Header& header, const char* data, bool swap, std::size_t word_bytes, NpyArray& array) {
  const bool is_signed = header.element[1] == 'i';
  switch (word_bytes) {
    case 1:
      is_signed ? convert<std::int8_t>(header, data, swap, array.integers)
                : convert<std::uint8_t>(header, data, swap, array.integers);
      break;
    case 2:
      is_signed ? convert<std::int16_t>(header, data, swap, array.integers)
                : convert<std::uint16_t>(header, data, swap, array.integers);
      break;
    case 4:
      is_signed ? convert<std::int32_t>(header, data, swap, array.integers)
                : convert<std::uint32_t>(header, data, swap, array.integers);
      break;
    default:
      convert<std::int64_t>(header, data, swap, array.integers);
      break;
  }
}

// Words of 64 bits without sign are kept as signed ones.
void expect_63_bits(const NpyArray& array, const std::string& where) {
  const std::size_t columns = array.columns();
  for (std::size_t i = 0; i < array.integers.size(); ++i) {
    if (array.integers[i] < 0) {
      throw Error(where,
                  "row " + std::to_string(i / columns) + ": word " +
                      std::to_string(static_cast<std::uint64_t>(array.integers[i])),
                  "at most 2^63-1");
    }
  }
}

}  // namespace

NpyArray parse_npy(std::string_view bytes, const std::string& where) {
  if (!bytes.starts_with(kMagic) || bytes.size() < 10) throw Error(where, "not a numpy file", "the .npy magic bytes");
  const auto byte = [&](std::size_t i) { return static_cast<std::size_t>(static_cast<unsigned char>(bytes[i])); };
  const std::size_t major = byte(6);
  if (major < 1 || major > 3) throw Error(where, "numpy format " + std::to_string(major), "1, 2 or 3");
  const std::size_t length_bytes = major == 1 ? 2 : 4;
  if (bytes.size() < 8 + length_bytes) throw Error(where, "the file ends inside the numpy header");
  std::size_t length = 0;
  for (std::size_t i = 0; i < length_bytes; ++i) length |= byte(8 + i) << (8 * i);
  std::string_view rest = bytes.substr(8 + length_bytes);
  if (length > rest.size()) throw Error(where, "the file ends inside the numpy header");
  const Header header = HeaderParser(rest.substr(0, length), where).parse();
  rest.remove_prefix(length);

  const std::string& e = header.element;
  const bool known = e.size() == 3 && std::string_view("<>|=").find(e[0]) != std::string_view::npos &&
                     (((e[1] == 'i' || e[1] == 'u') && std::string_view("1248").find(e[2]) != std::string_view::npos) ||
                      (e[1] == 'f' && (e[2] == '4' || e[2] == '8')));
  if (!known || (e[0] == '|' && e[2] != '1')) {
    throw Error(where, "elements of type '" + e.substr(0, 40) + "'", "i1..i8, u1..u8, f4 or f8");
  }
  const std::size_t word_bytes = static_cast<std::size_t>(e[2] - '0');
  // No dimension and no partial product may exceed what a file can hold, zeros left aside.
  constexpr std::size_t kMost = std::numeric_limits<std::size_t>::max() / 16;
  std::size_t span = 1;
  bool empty = false;
  for (const std::size_t n : header.shape) {
    empty = empty || n == 0;
    if (n != 0 && span > kMost / n) throw Error(where, "a shape beyond any file");
    if (n != 0) span *= n;
  }
  const std::size_t count = empty ? 0 : span;
  if (count * word_bytes != rest.size()) {
    throw Error(where, std::to_string(rest.size()) + " bytes of data",
                std::to_string(count * word_bytes) + " for the shape it states");
  }

  NpyArray array;
  array.shape = header.shape;
  array.element = e;
  array.is_integer = e[1] != 'f';
  const bool swap = (e[0] == '>') == (std::endian::native == std::endian::little) && (e[0] == '<' || e[0] == '>');
  const char* data = rest.data();
  if (!array.is_integer) {
    array.reals.resize(count);
    if (word_bytes == 4) convert<float>(header, data, swap, array.reals);
    if (word_bytes == 8) convert<double>(header, data, swap, array.reals);
    return array;
  }
  array.integers.resize(count);
  convert_integers(header, data, swap, word_bytes, array);
  if (e[1] == 'u' && word_bytes == 8) expect_63_bits(array, where);
  return array;
}

NpyArray read_npy(const std::filesystem::path& file) {
  std::ifstream stream(file, std::ios::binary);
  std::error_code error;
  const auto size = std::filesystem::file_size(file, error);
  if (!stream || error) throw Error(file.string(), "cannot be opened", "a numpy file");
  std::string bytes(size, '\0');
  stream.read(bytes.data(), static_cast<std::streamsize>(size));
  if (static_cast<std::uintmax_t>(stream.gcount()) != size) throw Error(file.string(), "cannot be read to its end");
  return parse_npy(bytes, file.string());
}

NpyType smallest_npy_type(const FixedPoint& type) {
  const int bits = type.width + (type.is_signed ? 0 : 1);
  return bits <= 8 ? NpyType::i1 : bits <= 16 ? NpyType::i2 : bits <= 32 ? NpyType::i4 : NpyType::i8;
}

NpyWriter::NpyWriter(const std::filesystem::path& file, NpyType type, std::vector<std::size_t> shape)
    : where_(file.string()), file_(file, std::ios::binary | std::ios::trunc), type_(type) {
  if (!file_) throw Error(where_, "cannot be written");
  std::string text = "{'descr': '";
  text += bytes_of(type) == 1 ? '|' : '<';
  text += type == NpyType::f8 ? 'f' : is_unsigned(type) ? 'u' : 'i';
  text += std::to_string(bytes_of(type)) + "', 'fortran_order': False, 'shape': (";
  for (const std::size_t n : shape) {
    text += std::to_string(n) + (shape.size() == 1 ? "," : &n == &shape.back() ? "" : ", ");
    expected_ *= n;
  }
  text += "), }";
  text.append(63 - (10 + text.size()) % 64, ' ');  // data starts at a multiple of 64
  text += '\n';
  std::string head(kMagic);
  head += '\x01';
  head += '\x00';
  head += static_cast<char>(text.size() & 255);
  head += static_cast<char>(text.size() >> 8);
  file_ << head << text;
}

void NpyWriter::append(std::span<const double> numbers) {
  static_assert(std::endian::native == std::endian::little);
  if (type_ != NpyType::f8) throw Error(where_, "real numbers", "words");
  file_.write(reinterpret_cast<const char*>(numbers.data()), static_cast<std::streamsize>(numbers.size_bytes()));
  written_ += numbers.size();
}

void NpyWriter::append(std::span<const std::int64_t> words) {
  if (type_ == NpyType::f8) throw Error(where_, "words", "real numbers");
  const int n = bytes_of(type_);
  const int bits = 8 * n;
  const std::int64_t lowest = is_unsigned(type_) ? 0 : static_cast<std::int64_t>(~0ull << (bits - 1));
  const std::int64_t highest =
      is_unsigned(type_) ? (std::int64_t{1} << bits) - 1 : static_cast<std::int64_t>((1ull << (bits - 1)) - 1);
  bytes_.resize(words.size() * static_cast<std::size_t>(n));
  char* p = bytes_.data();
  for (const std::int64_t word : words) {
    if (word < lowest || word > highest)
      throw Error(where_, "word " + std::to_string(word), "one of " + std::to_string(bits) + " bits");
    std::memcpy(p, &word, static_cast<std::size_t>(n));  // little-endian: the low bytes
    p += n;
  }
  file_.write(bytes_.data(), static_cast<std::streamsize>(bytes_.size()));
  written_ += words.size();
}

void NpyWriter::finish() {
  if (written_ != expected_)
    throw Error(where_, std::to_string(written_) + " words written", std::to_string(expected_));
  file_.close();
  if (!file_) throw Error(where_, "could not be written completely");
}

void write_npy(const std::filesystem::path& file, std::span<const std::int64_t> words, std::vector<std::size_t> shape,
               NpyType type) {
  NpyWriter writer(file, type, std::move(shape));
  writer.append(words);
  writer.finish();
}

void write_npy(const std::filesystem::path& file, std::span<const double> numbers, std::vector<std::size_t> shape) {
  NpyWriter writer(file, NpyType::f8, std::move(shape));
  writer.append(numbers);
  writer.finish();
}

}  // namespace vigil::fpga_model
