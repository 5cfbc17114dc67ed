// The strict local servers of ../shared/test_servers, each as a child process, and sinks that send to them. Tests only.
#pragma once

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "alerting/http_client.h"
#include "dispatches.h"

namespace vigil::alerting {

class TestServer {
 public:
  static bool is_there(const std::string& name) { return std::filesystem::exists(script(name)); }

  TestServer(const std::string& name, std::vector<std::string> options = {}) {
    int out[2];
    if (::pipe(out) != 0) throw std::runtime_error("pipe");
    pid_ = ::fork();
    if (pid_ == 0) {
      ::dup2(out[1], 1);
      ::close(out[0]);
      const std::string path = script(name);
      std::vector<const char*> words{"python3", "-u", path.c_str()};
      for (const std::string& option : options) words.push_back(option.c_str());
      words.push_back(nullptr);
      ::execvp("python3", const_cast<char**>(words.data()));
      ::_exit(127);
    }
    ::close(out[1]);
    std::string line;
    for (char c = 0; ::read(out[0], &c, 1) == 1 && c != '\n';) line += c;
    ::close(out[0]);
    const std::string before = "listening on ";
    if (!line.starts_with(before)) throw std::runtime_error(name + ": " + line);
    url_ = line.substr(before.size());
  }
  ~TestServer() {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  TestServer(const TestServer&) = delete;
  TestServer& operator=(const TestServer&) = delete;

  const std::string& url() const { return url_; }
  json state() const { return get("/_test/state"); }
  json requests() const { return get("/_test/requests"); }
  std::size_t posts() const {
    std::size_t n = 0;
    for (const auto& request : requests()) n += request.at("method") == "POST" ? 1 : 0;
    return n;
  }
  void control(const std::string& path, const json& body) const {
    HttpClient client;
    HttpRequest request;
    request.method = "POST";
    request.url = url_ + "/_test/" + path;
    request.body = body.dump();
    (void)client.exchange(request);
  }

 private:
  static std::string script(const std::string& name) {
    return std::string(VIGIL_SHARED) + "/test_servers/" + name + ".py";
  }
  json get(const std::string& path) const {
    HttpClient client;
    HttpRequest request;
    request.url = url_ + path;
    const HttpAnswer answer = client.exchange(request);
    if (answer.cut) throw std::runtime_error(path + ": longer than a sink reads");
    return json::parse(answer.body);
  }

  pid_t pid_ = -1;
  std::string url_;
};

#define SKIP_WITHOUT_SERVERS(name) \
  if (!TestServer::is_there(name)) GTEST_SKIP() << "no ../shared/test_servers/" << (name) << ".py"

inline std::string secret_file(const TemporaryFolder& folder, const std::string& name, const std::string& secret) {
  const std::string path = folder / name;
  std::ofstream(path) << secret << "\n";
  std::filesystem::permissions(path, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  return path;
}

// Everything in a fast motion.
inline Pacing hurried() {
  Pacing pacing;
  pacing.first_back_off_ms = 10;
  pacing.longest_back_off_ms = 50;
  pacing.settle_ms = 300;
  pacing.max_server_errors = 5;
  pacing.poll_ms = 50;
  return pacing;
}

inline Action retraining(std::uint32_t ls) {
  Action action = test_action(ls);
  action.kind = ActionKind::retrain;
  action.cause = Cause::conditions;
  action.subject.clear();
  action.proposal = Retrain{1, ls, 1, ls, {"score"}};
  action.id = action_id(action.model_hash, action.stream, action.kind, action.cause, action.subject, action.run, ls);
  return action;
}

inline Commit commit_action(const Action& action) {
  Commit commit;
  commit.actions.push_back(action_row(action));
  return commit;
}

}  // namespace vigil::alerting
