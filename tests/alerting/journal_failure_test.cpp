// What the journal does with files that are not its own, with full disks and sudden deaths.
#include <SQLiteCpp/SQLiteCpp.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <set>

#include "alerting/journal.h"
#include "core/error.h"
#include "journals.h"

namespace vigil::alerting {
namespace {

std::string error_of(const std::function<void()>& body) {
  try {
    body();
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}
std::string opening(const std::string& file) {
  return error_of([&] { Journal journal(file); });
}
std::string reading(const std::string& file) {
  return error_of([&] { JournalReader reader(file); });
}
bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

// Runs `body` in a child and returns its exit status; a child that throws exits with 99.
int in_child(const std::function<int()>& body) {
  const pid_t child = ::fork();
  if (child == 0) {
    int status = 99;
    try {
      status = body();
    } catch (...) {
    }
    ::_exit(status);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

TEST(JournalFailure, AnotherVersionIsNamedAndLeftAlone) {
  TemporaryFolder folder;
  const std::string file = folder / "vigil.db";
  { Journal journal(file); }
  SQLite::Database(file, SQLite::OPEN_READWRITE).exec("PRAGMA user_version=7");
  const std::string expected = "journal " + file + ": journal version 7, expected version 1 to 2";
  EXPECT_EQ(opening(file), expected);
  EXPECT_EQ(reading(file), expected);
  EXPECT_EQ(SQLite::Database(file).execAndGet("PRAGMA user_version").getInt(), 7);
}

TEST(JournalFailure, AForeignDatabaseIsLeftAlone) {
  TemporaryFolder folder;
  const std::string file = folder / "other.db";
  SQLite::Database(file, SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE).exec("CREATE TABLE theirs (a)");
  EXPECT_TRUE(contains(opening(file),
                       "an SQLite file of another program (application_id 0x00000000), expected a vigil journal"));
  EXPECT_TRUE(contains(reading(file), "of another program"));
  SQLite::Database db(file);
  EXPECT_EQ(db.execAndGet("SELECT count(*) FROM sqlite_schema").getInt(), 1);
  EXPECT_EQ(db.execAndGet("PRAGMA journal_mode").getString(), "delete");
}

TEST(JournalFailure, ATextFileAFolderAndAMissingFolderAreNamed) {
  TemporaryFolder folder;
  const std::string text = folder / "notes.txt";
  std::ofstream(text) << "these are notes of a shifter, not a journal";
  EXPECT_EQ(opening(text), "journal " + text + ": not an SQLite file, expected a vigil journal or a new file");
  EXPECT_TRUE(contains(opening(folder / ""), "not a regular file"));
  EXPECT_TRUE(contains(opening(folder / "no/such/vigil.db"), "No such file or directory"));
  EXPECT_TRUE(contains(reading(folder / "missing.db"), "No such file or directory"));
  std::ofstream(folder / "empty.db");
  EXPECT_TRUE(contains(reading(folder / "empty.db"), "an empty file"));
  EXPECT_EQ(opening(folder / "empty.db"), "no error");
}

TEST(JournalFailure, DamageIsNamed) {
  TemporaryFolder folder;
  const std::string file = folder / "vigil.db";
  { Journal journal(file); }
  std::fstream stream(file, std::ios::in | std::ios::out | std::ios::binary);
  stream.seekp(100);
  stream << std::string(4000, '\x55');
  stream.close();
  EXPECT_TRUE(contains(opening(file), "journal " + file + ": damaged")) << opening(file);
}

// Root may write anything: the child becomes nobody first.
TEST(JournalFailure, AReadOnlyFileIsNamed) {
  TemporaryFolder folder;
  const std::string file = folder / "vigil.db";
  { Journal journal(file); }
  ASSERT_EQ(::chmod(file.c_str(), 0444), 0);
  ASSERT_EQ(::chmod((folder / "").c_str(), 0777), 0);
  EXPECT_EQ(in_child([&] {
              if (::geteuid() == 0 && ::seteuid(65534) != 0) return 2;
              const std::string error = opening(file);
              return contains(error, file) && contains(error, "read-only") ? 0 : 1;
            }),
            0);
  ASSERT_EQ(::chmod((folder / "").c_str(), 0555), 0);
  EXPECT_EQ(in_child([&] {
              if (::geteuid() == 0 && ::seteuid(65534) != 0) return 2;
              const std::string error = opening(file);
              const std::string made = opening(file + ".new");
              return contains(error, file) && contains(error, "read-only") && contains(made, "read-only") ? 0 : 1;
            }),
            0);
  ASSERT_EQ(::chmod((folder / "").c_str(), 0755), 0);
}

TEST(JournalFailure, TwoWritersAreRefused) {
  TemporaryFolder folder;
  const std::string file = folder / "vigil.db";
  {
    Journal journal(file);
    const std::string expected =
        "journal " + file + ": is written by another process, expected one vigil process a journal";
    EXPECT_EQ(opening(file), expected);
    EXPECT_EQ(in_child([&] { return opening(file) == expected ? 0 : 1; }), 0);
    ASSERT_EQ(::symlink(file.c_str(), (folder / "link.db").c_str()), 0);
    EXPECT_TRUE(contains(opening(folder / "link.db"), "another process"));
  }
  EXPECT_EQ(opening(file), "no error");
}

TEST(JournalFailure, AHardLinkIsNoSecondJournal) {
  TemporaryFolder folder;
  const std::string file = folder / "vigil.db", link = folder / "link.db";
  Journal journal(file);
  ASSERT_EQ(::link(file.c_str(), link.c_str()), 0);
  EXPECT_TRUE(contains(opening(link), "journal " + link + ": is written by another process"));
  EXPECT_EQ(in_child([&] { return contains(opening(link), "another process") ? 0 : 1; }), 0);
  journal.commit(commit_of(1));  // the locks of SQLite have survived the looks at the file
  EXPECT_EQ(in_child([&] { return JournalReader(file).counts().actions == 1 ? 0 : 1; }), 0);
}

TEST(JournalFailure, WhatIsRefusedHasNothingBesideIt) {
  TemporaryFolder folder;
  const std::string text = folder / "network.json", other = folder / "other.db";
  std::ofstream(text) << "{\"layers\": [1, 2, 3]}";
  SQLite::Database(other, SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE).exec("CREATE TABLE theirs (a)");
  for (const std::string& file : {text, other, folder / "", folder / "no/such/vigil.db"})
    EXPECT_NE(opening(file), "no error") << file;
  std::set<std::string> left;
  for (const auto& entry : std::filesystem::directory_iterator(folder / "")) left.insert(entry.path().filename());
  EXPECT_EQ(left, (std::set<std::string>{"network.json", "other.db"}));
}

// A file limit is what a full disk is to write(): nothing half made stays.
TEST(JournalFailure, AJournalThatCouldNotBeMadeIsTakenAway) {
  TemporaryFolder folder;
  EXPECT_EQ(in_child([&] {
              ::signal(SIGXFSZ, SIG_IGN);
              const rlimit limit{8192, 8192};
              if (::setrlimit(RLIMIT_FSIZE, &limit) != 0) return 2;
              return opening(folder / "vigil.db") != "no error" ? 0 : 1;
            }),
            0);
  EXPECT_TRUE(std::filesystem::is_empty(folder / ""));
}

// As another user after a clean end: no log beside the file, and none can be made.
TEST(JournalFailure, AReaderNeedsNoRightToWrite) {
  TemporaryFolder folder;
  const std::string file = folder / "a journal?.db";
  { Journal(file).commit(commit_of(1)); }
  ASSERT_FALSE(std::filesystem::exists(file + "-wal"));
  ASSERT_EQ(::chmod(file.c_str(), 0444), 0);
  ASSERT_EQ(::chmod((folder / "").c_str(), 0555), 0);
  EXPECT_EQ(in_child([&] {
              if (::geteuid() == 0 && ::seteuid(65534) != 0) return 2;
              return JournalReader(file).counts().actions == 1 ? 0 : 1;
            }),
            0);
  ASSERT_EQ(::chmod((folder / "").c_str(), 0755), 0);
}

TEST(JournalFailure, AFullJournalKeepsWhatItHas) {
  TemporaryFolder folder;
  const std::string file = folder / "vigil.db";
  std::uint32_t committed = 0;
  {
    JournalSettings settings;
    settings.max_bytes = 256 * 1024;
    Journal journal(file, settings);
    const std::string error = error_of([&] {
      for (std::uint32_t ls = 1; ls < 10000; ++ls) {
        journal.commit(commit_of(ls));
        committed = ls;
      }
    });
    EXPECT_TRUE(contains(error, "journal " + file + ": disk full, or the journal at its largest size")) << error;
    EXPECT_GT(committed, 10u);
    // It says so again, and reading goes on.
    EXPECT_TRUE(contains(error_of([&] { journal.commit(commit_of(committed + 1)); }), "full"));
    EXPECT_EQ(journal.position(), std::to_string(committed));
  }
  JournalReader reader(file);
  EXPECT_EQ(reader.integrity(), "ok");
  EXPECT_EQ(reader.counts().actions, committed);
  EXPECT_EQ(reader.counts().verdicts, committed);
  Journal roomier(file);
  roomier.commit(commit_of(committed + 1));
  EXPECT_EQ(roomier.counts().actions, committed + 1u);
}

TEST(JournalFailure, ADiskThatTakesNoMoreBytesIsNamedAndNothingIsHalfWritten) {
  TemporaryFolder folder;
  const std::string file = folder / "vigil.db";
  const int status = in_child([&] {
    ::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{400 * 1024, 400 * 1024};
    if (::setrlimit(RLIMIT_FSIZE, &limit) != 0) return 2;
    Journal journal(file);
    const std::string error = error_of([&] {
      for (std::uint32_t ls = 1; ls < 100000; ++ls) journal.commit(commit_of(ls));
    });
    return contains(error, "journal " + file) && (contains(error, "full") || contains(error, "input/output error")) ? 0
                                                                                                                    : 1;
  });
  EXPECT_EQ(status, 0);
  JournalReader reader(file);
  EXPECT_EQ(reader.integrity(), "ok");
  const JournalCounts counts = reader.counts();
  EXPECT_GT(counts.actions, 0u);
  EXPECT_EQ(counts.actions, counts.verdicts);
  EXPECT_EQ(reader.position(), std::to_string(counts.actions));
}

TEST(JournalFailure, ASuddenDeathLosesNothingThatWasCommitted) {
  TemporaryFolder folder;
  const std::string file = folder / "vigil.db";
  std::uint32_t last = 0;
  for (int death = 0; death < 10; ++death) {
    int told[2];
    ASSERT_EQ(::pipe(told), 0);
    const pid_t child = ::fork();
    if (child == 0) {
      try {
        Journal journal(file);
        const std::string position = journal.position();
        for (std::uint32_t ls = position.empty() ? 1 : static_cast<std::uint32_t>(std::stoul(position)) + 1;; ++ls) {
          journal.commit(commit_of(ls));
          if (::write(told[1], &ls, sizeof ls) != sizeof ls) ::_exit(1);
        }
      } catch (...) {
      }
      ::_exit(1);
    }
    ::close(told[1]);
    for (int i = 0; i < 3 + 7 * death; ++i)
      ASSERT_EQ(::read(told[0], &last, sizeof last), static_cast<ssize_t>(sizeof last));
    ::kill(child, SIGKILL);
    while (::read(told[0], &last, sizeof last) == static_cast<ssize_t>(sizeof last)) {
    }
    ::close(told[0]);
    ::waitpid(child, nullptr, 0);
    const JournalReader reader(file);
    ASSERT_EQ(reader.integrity(), "ok");
    const std::uint64_t position = std::stoull(reader.position());
    // The commit in progress may or may not have made it.
    ASSERT_GE(position, last);
    ASSERT_LE(position, last + 1u);
    ASSERT_EQ(reader.counts().actions, position);
    ASSERT_EQ(reader.counts().lumisections, position);
    ASSERT_EQ(reader.state().at("policy"), "state " + std::to_string(position));
  }
}

}  // namespace
}  // namespace vigil::alerting
