// The state of a detector as JSON text and back, from one list of its members: a detector D has
// `static void fields(auto& self, auto&& field)`, which calls field(name, member) for each, and where text can be wrong
// in more than types `bool consistent() const`. Used by the detectors of this folder.
// Tests: tests/monitors/detector_test.cpp.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace vigil::monitors {

// Numbers as text that reads back to the same bits, infinities included.
class FieldWriter {
 public:
  FieldWriter();
  ~FieldWriter();
  void operator()(const char* name, bool value);
  void operator()(const char* name, std::uint64_t value);
  void operator()(const char* name, double value);
  void operator()(const char* name, const std::vector<double>& values);
  void operator()(const char* name, const std::vector<std::uint64_t>& values);
  std::string text() const;

 private:
  struct Object;
  std::unique_ptr<Object> object_;
};

// Throws Error, `where` it is, on what FieldWriter does not write.
class FieldReader {
 public:
  FieldReader(std::string_view text, const char* where);
  ~FieldReader();
  void operator()(const char* name, bool& value) const;
  void operator()(const char* name, std::uint64_t& value) const;
  void operator()(const char* name, double& value) const;
  void operator()(const char* name, std::vector<double>& values) const;
  void operator()(const char* name, std::vector<std::uint64_t>& values) const;
  void expect(bool consistent) const;

 private:
  struct Object;
  template <class T, class Convert>
  void read(const char* name, T& value, Convert&& convert) const;
  std::unique_ptr<Object> object_;
  const char* where_;
};

template <class D>
std::string save_fields(const D& detector) {
  FieldWriter writer;
  D::fields(detector, writer);
  return writer.text();
}

// Leaves the detector as it was where it throws.
template <class D>
void load_fields(D& detector, std::string_view text, const char* where) {
  const FieldReader reader(text, where);
  D read = detector;
  D::fields(read, reader);
  if constexpr (requires { read.consistent(); }) reader.expect(read.consistent());
  detector = std::move(read);
}

}  // namespace vigil::monitors
