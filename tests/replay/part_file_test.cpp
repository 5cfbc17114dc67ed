#include "replay/part_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <zstd.h>

#include <nlohmann/json.hpp>

#include "core/digest.h"
#include "core/error.h"
#include "tests/replay/recording_frames.h"

namespace vigil::replay {
namespace {

const PartHeader kHeader{sha256_of("settings"), sha256_of("plan"), 3, 16};
constexpr const char* kFirst = R"({"type":"part","version":1,"settings":"S","plan":"P","part":3,"parts":16})";

std::string compressed(const std::string& text, int level = 3, int window = 0) {
  ZSTD_CCtx* context = ZSTD_createCCtx();
  ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, level);
  if (window > 0) ZSTD_CCtx_setParameter(context, ZSTD_c_windowLog, window);
  std::string out(ZSTD_compressBound(text.size()), '\0');
  out.resize(ZSTD_compress2(context, out.data(), out.size(), text.data(), text.size()));
  ZSTD_freeCCtx(context);
  return out;
}

std::string expanded(const std::string& bytes) {
  ZSTD_DCtx* context = ZSTD_createDCtx();
  std::string out, piece(1 << 16, '\0');
  ZSTD_inBuffer in{bytes.data(), bytes.size(), 0};
  for (std::size_t left = 1; left != 0;) {
    ZSTD_outBuffer to{piece.data(), piece.size(), 0};
    left = ZSTD_decompressStream(context, &to, &in);
    EXPECT_FALSE(ZSTD_isError(left));
    if (ZSTD_isError(left) || (left != 0 && to.pos == 0 && in.pos == in.size)) break;
    out.append(piece.data(), to.pos);
  }
  ZSTD_freeDCtx(context);
  return out;
}

enum class End { whole, damaged, refused };

class PartFiles : public ::testing::Test {
 protected:
  std::uint64_t write(const std::vector<std::string>& lines, std::uint64_t frames = 5) {
    PartWriter writer(path_, kHeader);
    for (const std::string& line : lines) writer.line(line);
    return writer.finish(frames);
  }
  // How reading ends; what it says goes to `what_`.
  End read(const std::filesystem::path& path) {
    try {
      check_part(path);
      return End::whole;
    } catch (const DamagedPart& e) {
      what_ = e.what();
      return End::damaged;
    } catch (const Error& e) {
      what_ = e.what();
      return End::refused;
    }
  }
  End read_bytes(const std::string& bytes) {
    write_bytes(folder_ / "other", bytes);
    const End end = read(folder_ / "other");
    EXPECT_TRUE(end == End::whole || what_.starts_with((folder_ / "other").string())) << what_;
    return end;
  }
  End read_text(const std::string& text) { return read_bytes(compressed(text)); }
  std::size_t files() const {
    return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(folder_.path()), {}));
  }
  bool says(const std::string& words) const { return what_.find(words) != std::string::npos; }

  Folder folder_;
  std::filesystem::path path_ = folder_ / "00003.vsum";
  std::string what_;
};

std::string first_line() {
  std::string text = kFirst;
  text.replace(text.find("\"S\"") + 1, 1, kHeader.settings);
  text.replace(text.find("\"P\"") + 1, 1, kHeader.plan);
  return text;
}

std::string with_end(const std::string& before, std::uint64_t frames = 0) {
  return before + R"({"type":"end","frames":)" + std::to_string(frames) + R"(,"sha256":")" + sha256_of(before) +
         "\"}\n";
}

TEST_F(PartFiles, lines_come_back_as_written) {
  std::mt19937_64 random(1);
  std::vector<std::string> lines;
  for (int i = 0; i < 3000; ++i) {
    std::string line = "{\"i\":" + std::to_string(i) + ",\"x\":\"";
    for (std::uint64_t n = random() % (i % 500 == 0 ? 300'000 : 200); n > 0; --n) {
      line += static_cast<char>('a' + random() % 26);
    }
    lines.push_back(line + "\"}");
  }
  lines.push_back("");
  const std::uint64_t bytes = write(lines, 42);
  EXPECT_EQ(bytes, std::filesystem::file_size(path_));
  EXPECT_EQ(files(), 1u);  // nothing beside it
  PartReader reader(path_);
  EXPECT_EQ(reader.header(), kHeader);
  for (const std::string& line : lines) {
    const auto read = reader.next();
    ASSERT_TRUE(read);
    ASSERT_EQ(*read, line);
  }
  EXPECT_FALSE(reader.next());
  EXPECT_FALSE(reader.next());
  EXPECT_EQ(reader.frames(), 42u);
  EXPECT_EQ(check_part(path_), kHeader);
  // The format by other means: one zstd frame, the digest of everything before the last line.
  const std::string text = expanded(bytes_of(path_));
  const std::size_t last = text.rfind('\n', text.size() - 2) + 1;
  EXPECT_EQ(text.substr(0, text.find('\n')), first_line());
  EXPECT_EQ(text, with_end(text.substr(0, last), 42));
}

TEST_F(PartFiles, two_runs_write_equal_bytes) {
  write({"{\"a\":1}", "{\"b\":2}"});
  const std::string first = bytes_of(path_);
  write({"{\"a\":1}", "{\"b\":2}"});
  EXPECT_EQ(bytes_of(path_), first);
}

TEST_F(PartFiles, torn_at_every_byte) {
  write({"{\"a\":1}", "{\"b\":\"" + std::string(500, 'x') + "\"}"});
  const std::string good = bytes_of(path_);
  ASSERT_EQ(read_bytes(good), End::whole);
  for (std::size_t size = 0; size < good.size(); ++size) {
    ASSERT_EQ(read_bytes(good.substr(0, size)), End::damaged) << size << what_;
    EXPECT_TRUE(says("torn")) << what_;
  }
}

TEST_F(PartFiles, every_byte_changed) {
  std::mt19937_64 random(2);
  std::string noise;
  for (int i = 0; i < 700; ++i) noise += static_cast<char>('a' + random() % 26);
  write({"{\"a\":1}", "{\"b\":\"" + noise + "\"}", "{\"c\":3}"});
  const std::string good = bytes_of(path_);
  std::size_t torn = 0, unseen = 0;
  for (std::size_t at = 0; at < good.size(); ++at) {
    for (const int mask : {1, 0x10, 0x80, 0xff}) {
      std::string bytes = good;
      bytes[at] = static_cast<char>(bytes[at] ^ mask);
      const End end = read_bytes(bytes);
      // A few bits mean nothing here, as the size of the window.
      if (end == End::whole) {
        ASSERT_EQ(expanded(bytes), expanded(good)) << at << " " << mask;
      }
      unseen += end == End::whole;
      torn += end == End::damaged;
    }
  }
  EXPECT_LE(unseen, good.size() / 50);
  EXPECT_GT(torn, 2 * good.size());  // most lie behind the first line
}

TEST_F(PartFiles, bytes_behind_the_end_are_a_change) {
  write({});
  const std::string good = bytes_of(path_);
  EXPECT_EQ(read_bytes(good + "x"), End::damaged);
  EXPECT_EQ(read_bytes(good + good), End::damaged);
  EXPECT_EQ(read_text(with_end(first_line() + "\n") + "{}\n"), End::damaged);
  EXPECT_EQ(read_text(with_end(first_line() + "\n") + "{}"), End::damaged);
}

TEST_F(PartFiles, texts_that_are_no_part) {
  EXPECT_EQ(read_text(with_end(first_line() + "\n")), End::whole);
  EXPECT_EQ(read_text(with_end(first_line() + "\n{}\n", 7)), End::whole);
  const auto changed = [](const std::string& from, const std::string& to) {
    std::string text = first_line();
    text.replace(text.find(from), from.size(), to);
    return with_end(text + "\n");
  };
  const std::pair<std::string, std::string> wrong[] = {
      {changed("\"version\":1", "\"version\":2"), "version 2"},
      {changed("\"version\":1", "\"version\":-1"), "version"},
      {changed("\"type\":\"part\"", "\"type\":\"partial\""), "no part file"},
      {changed(kHeader.plan, "x"), "'plan'"},
      {changed(kHeader.settings, std::string(64, 'A')), "'settings'"},
      {changed("\"part\":3", "\"part\":16"), "first line"},
      {changed("\"parts\":16", "\"parts\":4294967296"), "'parts'"},
      {changed("\"part\":3", "\"part\":\"3\""), "'part'"},
      {changed("\"parts\":16", "\"parts\":16,\"more\":1"), "first line"},
      {with_end("[]\n"), "no part file"},
      {"\n", "no part file"},
      {"", "no part file"},
      {std::string(200'000, 'x'), "more than 4096 bytes"}};
  for (const auto& [text, words] : wrong) {
    EXPECT_EQ(read_text(text), End::refused) << text.substr(0, 300);
    EXPECT_TRUE(says(words)) << what_;
  }
  const std::string first = first_line() + "\n";
  for (const std::string& end : {std::string(), std::string("{\"type\":\"end\",\"frames\":1}\n"),
                                 R"({"type":"end","frames":-1,"sha256":")" + sha256_of(first) + "\"}\n",
                                 R"({"type":"end","frames":1,"sha256":")" + sha256_of("") + "\"}\n",
                                 with_end(first).substr(first.size() + 1), with_end(first).substr(first.size(), 40)}) {
    EXPECT_EQ(read_text(first + end), End::damaged) << end;
  }
}

TEST_F(PartFiles, what_is_no_file_of_ours_is_refused) {
  EXPECT_EQ(read_bytes("PK\3\4 a zip"), End::refused);
  EXPECT_EQ(read_bytes("{\"type\":\"part\"}\n"), End::refused);
  EXPECT_EQ(read_bytes(std::string("\x50\x2A\x4D\x18\x04\0\0\0abcd", 12) + compressed(with_end(first_line() + "\n"))),
            End::refused);  // a frame that decompressors skip
  EXPECT_EQ(read(folder_ / "none"), End::refused);
  EXPECT_EQ(read(folder_.path()), End::refused);
  ASSERT_EQ(::mkfifo((folder_ / "fifo").c_str(), 0600), 0);
  EXPECT_EQ(read(folder_ / "fifo"), End::refused);
}

TEST_F(PartFiles, memory_is_bounded) {
  // A stream that wants a window of 128 MiB, and lines beyond the limit: 300 MiB in 30 kB.
  EXPECT_EQ(read_bytes(compressed(with_end(first_line() + "\n" + std::string(20 << 20, 'x') + "\n"), 19, 27)),
            End::refused);
  std::string bytes;
  {
    ZSTD_CCtx* context = ZSTD_createCCtx();
    std::string out(1 << 20, '\0'), zeros(1 << 20, ' ');
    const auto put = [&](const std::string& text, ZSTD_EndDirective directive) {
      ZSTD_inBuffer in{text.data(), text.size(), 0};
      for (bool more = true; more;) {
        ZSTD_outBuffer to{out.data(), out.size(), 0};
        const std::size_t left = ZSTD_compressStream2(context, &to, &in, directive);
        bytes.append(out.data(), to.pos);
        more = directive == ZSTD_e_end ? left != 0 : in.pos < in.size;
      }
    };
    put(first_line() + "\n", ZSTD_e_continue);
    for (int i = 0; i < 300; ++i) put(zeros, ZSTD_e_continue);
    put("\n", ZSTD_e_end);
    ZSTD_freeCCtx(context);
  }
  ASSERT_LT(bytes.size(), 200'000u);
  EXPECT_EQ(read_bytes(bytes), End::refused);
  EXPECT_TRUE(says("a line of more than 268435456 bytes")) << what_;
}

TEST_F(PartFiles, what_is_not_finished_leaves_nothing) {
  {
    PartWriter writer(path_, kHeader);
    writer.line("{}");
    EXPECT_EQ(files(), 1u);
  }
  EXPECT_EQ(files(), 0u);
  write({"{\"old\":1}"});
  const std::string old = bytes_of(path_);
  {
    PartWriter writer(path_, kHeader);
    writer.line("{}");
    EXPECT_THROW(writer.line("two\nlines"), Error);
  }
  EXPECT_EQ(bytes_of(path_), old);
  EXPECT_THROW(PartWriter(folder_ / "none/a.vsum", kHeader), Error);
}

TEST_F(PartFiles, two_writers_of_one_process_do_not_meet) {
  PartWriter first(path_, kHeader), second(path_, kHeader);
  first.line("{\"first\":1}");
  second.line("{\"second\":1}");
  first.finish(1);
  second.finish(2);
  PartReader reader(path_);
  EXPECT_EQ(reader.next(), "{\"second\":1}");
  EXPECT_FALSE(reader.next());
  EXPECT_EQ(reader.frames(), 2u);
  EXPECT_EQ(files(), 1u);
}

}  // namespace
}  // namespace vigil::replay
