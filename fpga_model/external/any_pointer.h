// std::any objects that hold a pointer whose type only the library knows. Used by the caller of CMS emulator libraries.
// Relies on libstdc++'s std::any (GCC 7 and later): a function that manages the object, then the pointer itself, and
// on std::any_cast comparing that function or the type's name.
// Tests: tests/fpga_model/external_library_test.cpp.
#pragma once

#include <any>
#include <string>

namespace vigil::fpga_model {

// `manager`: address of the library's own manager for the type; null: one made here, known to the library by
// `type_name` (as std::type_info::name() gives it). Throws Error when 64 different type names are in use.
class AnyPointerType {
 public:
  AnyPointerType(void* manager, const std::string& type_name);
  std::any hold(void* pointer) const;

 private:
  void* manager_;
};

}  // namespace vigil::fpga_model
