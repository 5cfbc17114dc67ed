#include "fpga_model/external/elf_image.h"

#include <elf.h>

#include <algorithm>
#include <cstring>

namespace vigil::fpga_model {
namespace {

constexpr std::int64_t kIgnoredTag = 0x60000001;  // of no meaning to any loader

}  // namespace

template <class T>
bool ElfImage::read(std::uint64_t offset, T& value) const {
  if (offset > bytes_.size() || bytes_.size() - offset < sizeof value) return false;
  std::memcpy(&value, bytes_.data() + offset, sizeof value);
  return true;
}

ElfImage::ElfImage(std::string bytes) : bytes_(std::move(bytes)) {
  Elf64_Ehdr head{};
  if (!read(0, head) || std::memcmp(head.e_ident, ELFMAG, SELFMAG) != 0 || head.e_ident[EI_CLASS] != ELFCLASS64 ||
      head.e_phentsize != sizeof(Elf64_Phdr))
    return;
  for (std::uint64_t i = 0; i < head.e_phnum; ++i) {
    Elf64_Phdr segment{};
    if (!read(head.e_phoff + i * sizeof segment, segment)) return;
    if (segment.p_type == PT_LOAD) segments_.push_back({segment.p_vaddr, segment.p_offset, segment.p_filesz});
    if (segment.p_type != PT_DYNAMIC || segment.p_offset > bytes_.size()) continue;
    dynamic_ = segment.p_offset;
    dynamic_entries_ = std::min<std::uint64_t>(segment.p_filesz, bytes_.size() - dynamic_) / sizeof(Elf64_Dyn);
  }
}

std::uint64_t ElfImage::offset_of(std::uint64_t address) const {
  for (const Segment& segment : segments_) {
    if (address >= segment.address && address - segment.address < segment.size)
      return segment.offset + (address - segment.address);
  }
  return bytes_.size();
}

std::uint64_t ElfImage::entry(std::int64_t tag) const {
  for (std::uint64_t i = 0; i < dynamic_entries_; ++i) {
    Elf64_Dyn item{};
    if (!read(dynamic_ + i * sizeof item, item) || item.d_tag == DT_NULL) break;
    if (item.d_tag == tag) return item.d_un.d_val;
  }
  return 0;
}

std::uint64_t ElfImage::symbols() const {
  std::uint64_t count = 0;
  if (const std::uint64_t table = entry(DT_HASH); table != 0) {
    std::uint32_t chains = 0;
    if (read(offset_of(table) + 4, chains)) count = chains;
  }
  if (const std::uint64_t table = entry(DT_GNU_HASH); table != 0) {
    // buckets, first hashed symbol, words of the filter, shift; the filter; the buckets; the chains
    const std::uint64_t at = offset_of(table);
    std::uint32_t head[4];
    if (!read(at, head)) return count;
    const std::uint64_t buckets = at + 16 + std::uint64_t{head[2]} * 8;
    const std::uint64_t chains = buckets + std::uint64_t{head[0]} * 4;
    std::uint32_t last = 0;
    for (std::uint64_t i = 0; i < head[0]; ++i) {
      std::uint32_t first = 0;
      if (!read(buckets + i * 4, first)) return count;
      last = std::max(last, first);
    }
    std::uint32_t hash = 0;
    if (last < head[1]) return std::max<std::uint64_t>(count, head[1]);
    while (read(chains + (std::uint64_t{last} - head[1]) * 4, hash) && (hash & 1) == 0) ++last;  // 1 ends a chain
    count = std::max<std::uint64_t>(count, std::uint64_t{last} + 1);
  }
  return count;
}

void ElfImage::isolate_unique_symbols() {
  if (entry(DT_SYMTAB) == 0) return;
  const std::uint64_t table = offset_of(entry(DT_SYMTAB));
  const std::uint64_t count = symbols();
  for (std::uint64_t i = 0; i < count; ++i) {
    const std::uint64_t at = table + i * sizeof(Elf64_Sym);
    Elf64_Sym symbol{};
    if (!read(at, symbol)) return;
    if (ELF64_ST_BIND(symbol.st_info) != STB_GNU_UNIQUE) continue;
    symbol.st_info = ELF64_ST_INFO(STB_GLOBAL, ELF64_ST_TYPE(symbol.st_info));
    std::memcpy(bytes_.data() + at, &symbol, sizeof symbol);
  }
}

bool ElfImage::leave_out(const std::string& name) {
  const std::uint64_t names = offset_of(entry(DT_STRTAB));
  for (std::uint64_t i = 0; i < dynamic_entries_; ++i) {
    const std::uint64_t at = dynamic_ + i * sizeof(Elf64_Dyn);
    Elf64_Dyn item{};
    if (!read(at, item) || item.d_tag == DT_NULL) return false;
    const std::uint64_t text = names + item.d_un.d_val;
    if (item.d_tag != DT_NEEDED || item.d_un.d_val > bytes_.size() || text >= bytes_.size()) continue;
    if (std::string_view(bytes_).substr(text, name.size() + 1) != name + '\0') continue;
    item.d_tag = kIgnoredTag;
    std::memcpy(bytes_.data() + at, &item, sizeof item);
    return true;
  }
  return false;
}

}  // namespace vigil::fpga_model
