// The deterministic driver of a fuzz target: mutates its seeds a few thousand times, and bounds time and memory of
// every input. Usage: TARGET [--runs N] [--seed S] [--input FILE] [--write-corpus DIR]
#include <fcntl.h>
#include <malloc.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cctype>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <new>
#include <random>

#include "fuzz_target.h"

namespace {

constexpr std::size_t kMostBytes = std::size_t{1} << 30;  // alive at one time
constexpr double kMostSeconds = 10;
constexpr unsigned kMostWallSeconds = 60;
constexpr std::size_t kMostInput = 1 << 16;

std::atomic<std::size_t> alive = 0;
std::atomic<bool> exceeded = false;

void count(void* p) {
  if (alive.fetch_add(malloc_usable_size(p)) > kMostBytes) exceeded = true;
}

double cpu_seconds() {
  timespec t{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + 1e-9 * static_cast<double>(t.tv_nsec);
}

class Mutator {
 public:
  explicit Mutator(std::uint64_t seed) : random_(seed), seeds_(vigil::fuzz::seeds()), words_(vigil::fuzz::words()) {}

  std::string next() {
    std::string text = pick(seeds_);
    for (std::size_t i = 0, n = 1 + below(6); i < n; ++i) mutate(text);
    if (text.size() > kMostInput) text.resize(kMostInput);
    return text;
  }
  const std::vector<std::string>& seeds() const { return seeds_; }

 private:
  std::size_t below(std::size_t n) { return n == 0 ? 0 : static_cast<std::size_t>(random_() % n); }
  const std::string& pick(const std::vector<std::string>& from) { return from[below(from.size())]; }

  // First and length of a run of letters and digits, so that whole numbers and keys are hit.
  std::pair<std::size_t, std::size_t> token(const std::string& text) {
    std::size_t first = below(text.size());
    const auto inside = [&](std::size_t i) {
      return i < text.size() && (std::isalnum(static_cast<unsigned char>(text[i])) || text[i] == '-' || text[i] == '_');
    };
    while (first > 0 && inside(first - 1)) --first;
    std::size_t last = first;
    while (inside(last)) ++last;
    return {first, std::max<std::size_t>(last - first, 1)};
  }

  void mutate(std::string& text) {
    if (text.empty()) {
      text = pick(words_);
      return;
    }
    const std::size_t at = below(text.size());
    const std::size_t length = 1 + below(std::min<std::size_t>(text.size() - at, 64));
    switch (below(11)) {
      case 0:
        text[at] = static_cast<char>(text[at] ^ (1 << below(8)));
        break;
      case 1:
        text[at] = static_cast<char>(below(256));
        break;
      case 2:
        text.erase(at, length);
        break;
      case 3:
        text.insert(at, text, below(text.size()), 1 + below(64));
        break;
      case 4:
        text.insert(at, pick(words_));
        break;
      case 5:
      case 6:
      case 7: {
        const auto [first, n] = token(text);
        text.replace(first, n, pick(words_));
        break;
      }
      case 8: {  // swaps two tokens
        const auto [first, n] = token(text);
        const auto [other, m] = token(text);
        const std::string kept = text.substr(other, m);
        text.replace(first, n, kept);
        break;
      }
      case 9:
        text.resize(at);
        break;
      default: {
        const std::string& other = pick(seeds_);
        const std::size_t from = below(other.size());
        text = text.substr(0, at) + other.substr(from);
      }
    }
  }

  std::mt19937_64 random_;
  std::vector<std::string> seeds_;
  std::vector<std::string> words_;
};

std::string_view current;  // the input that is running
char kept[256];            // the file that receives it when it ends the process

void keep_input() {
  const int file = open(kept, O_WRONLY | O_CREAT | O_TRUNC, 0644);
  if (file < 0 || write(file, current.data(), current.size()) < 0) return;
  close(file);
}
extern "C" void keep_and_end(int signal) {
  keep_input();
  std::signal(signal, SIG_DFL);
  raise(signal);
}

void run(const std::string& text) {
  current = text;
  exceeded = false;
  alarm(kMostWallSeconds);  // ends what never returns
  const double start = cpu_seconds();
  LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(text.data()), text.size());
  const double seconds = cpu_seconds() - start;
  if (!exceeded && seconds < kMostSeconds) return;
  keep_input();
  std::fprintf(stderr, "fuzz: %.1f s%s, input kept in %s\n", seconds, exceeded ? ", more than 1 GiB" : "", kept);
  std::exit(1);
}

}  // namespace

#if defined(__has_feature)  // clang says it so
#if __has_feature(address_sanitizer)
#define __SANITIZE_ADDRESS__ 1
#endif
#endif
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
void* operator new(std::size_t n) {
  void* p = std::malloc(n == 0 ? 1 : n);
  if (p == nullptr) throw std::bad_alloc();
  count(p);
  return p;
}
void operator delete(void* p) noexcept {
  if (p != nullptr) alive -= malloc_usable_size(p);
  std::free(p);
}
void operator delete(void* p, std::size_t) noexcept { operator delete(p); }
#endif

int main(int argc, char** argv) {
  std::size_t runs = 4000;
  std::uint64_t seed = 1;
  const std::string name = std::filesystem::path(argv[0]).filename().string();
  std::snprintf(kept, sizeof kept, "%s.input", name.c_str());
  for (const int signal : {SIGABRT, SIGSEGV, SIGFPE, SIGBUS, SIGALRM}) std::signal(signal, keep_and_end);
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string option = argv[i];
    if (option == "--runs") runs = std::strtoull(argv[i + 1], nullptr, 10);
    if (option == "--seed") seed = std::strtoull(argv[i + 1], nullptr, 10);
    if (option == "--input") {
      std::ifstream file(argv[i + 1], std::ios::binary);
      run(std::string(std::istreambuf_iterator<char>(file), {}));
      return 0;
    }
    if (option == "--write-corpus") {
      std::filesystem::create_directories(argv[i + 1]);
      std::size_t n = 0;
      for (const std::string& text : vigil::fuzz::seeds())
        std::ofstream(std::filesystem::path(argv[i + 1]) / ("seed" + std::to_string(n++)), std::ios::binary) << text;
      return 0;
    }
  }
  Mutator mutator(seed);
  for (const std::string& text : mutator.seeds()) run(text);
  for (std::size_t i = 0; i < runs; ++i) run(mutator.next());
  std::printf("%s: %zu inputs\n", name.c_str(), runs + mutator.seeds().size());
}
