#include "fpga_model/external/any_pointer.h"

#include <array>
#include <cstring>
#include <mutex>
#include <typeinfo>
#include <utility>

#include "core/error.h"

namespace vigil::fpga_model {
namespace {

// std::any as libstdc++ lays it out.
struct Image {
  void* manager;
  void* pointer;
};
static_assert(sizeof(std::any) == sizeof(Image));

class NamedType : public std::type_info {
 public:
  explicit NamedType(const char* name) : std::type_info(name) {}
};

enum class Op { access, get_type_info, clone, destroy, xfer };  // std::any::_Op
union Argument {                                                // std::any::_Arg
  void* object;
  const std::type_info* type;
  std::any* any;
};
using Manage = void (*)(Op, const std::any*, Argument*);

constexpr std::size_t kSlots = 64;

struct Slot {
  std::string name;
  const NamedType* type = nullptr;
};

std::mutex& slots_mutex() {
  static std::mutex mutex;
  return mutex;
}
std::array<Slot, kSlots>& slots() {
  static std::array<Slot, kSlots> all;
  return all;
}

// A manager has no room for state of its own, so each type name has a function of its own.
template <std::size_t I>
void manage(Op op, const std::any* any, Argument* argument) {
  Image image;
  std::memcpy(&image, static_cast<const void*>(any), sizeof image);
  const auto put = [&] { std::memcpy(static_cast<void*>(argument->any), &image, sizeof image); };
  switch (op) {
    case Op::access:
      argument->object = const_cast<char*>(reinterpret_cast<const char*>(any)) + offsetof(Image, pointer);
      break;
    case Op::get_type_info:
      argument->type = slots()[I].type;
      break;
    case Op::clone:
      put();
      break;
    case Op::destroy:
      break;
    case Op::xfer: {
      put();
      void* const none = nullptr;
      std::memcpy(const_cast<void*>(static_cast<const void*>(any)), &none, sizeof none);
      break;
    }
  }
}

template <std::size_t... I>
constexpr std::array<Manage, kSlots> all_managers(std::index_sequence<I...>) {
  return {&manage<I>...};
}
constexpr std::array<Manage, kSlots> kManagers = all_managers(std::make_index_sequence<kSlots>());

}  // namespace

AnyPointerType::AnyPointerType(void* manager, const std::string& type_name) : manager_(manager) {
  if (manager_ != nullptr) return;
  const std::lock_guard lock(slots_mutex());
  for (std::size_t i = 0; i < kSlots; ++i) {
    Slot& slot = slots()[i];
    if (slot.type == nullptr) {
      slot.name = type_name;
      slot.type = new NamedType(slot.name.c_str());  // lives as long as libraries may ask
    }
    if (slot.name != type_name) continue;
    manager_ = reinterpret_cast<void*>(kManagers[i]);
    return;
  }
  throw Error("type " + type_name.substr(0, 200), "the 65th type of emulator libraries in one process",
              "fewer models in one process");
}

std::any AnyPointerType::hold(void* pointer) const {
  std::any any;
  const Image image{manager_, pointer};
  std::memcpy(static_cast<void*>(&any), &image, sizeof image);
  return any;
}

}  // namespace vigil::fpga_model
