#include "app/http_service.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <iterator>
#include <nlohmann/json.hpp>
#include <utility>

#include "alerting/record.h"
#include "app/http_outlook.h"
#include "app/wall_clock.h"
#include "core/error.h"
#include "shift/documents/action_routes.h"
#include "shift/documents/document_routes.h"
#include "shift/documents/openapi.h"
#include "shift/events/event_routes.h"
#include "shift/events/follower.h"
#include "shift/metrics/metrics.h"
#include "shift/page/page_routes.h"
#include "shift/report/elog_routes.h"
#include "shift/server/server.h"

namespace vigil::app {
namespace {

constexpr const char* kBeyond =
    "http_certificate_file, http_key_file and http_tokens_file, for an address that is not loopback";

std::string place_of(const HttpSettings& settings, const std::string& key) {
  const auto at = settings.places.find(key);
  return (at == settings.places.end() ? std::string() : at->second + ": ") + "key '" + key + "'";
}

// The settings of a server that could start; throws Error.
shift::ServerSettings server_settings(const HttpSettings& s) {
  const std::string listen = s.places.contains("http_listen") ? place_of(s, "http_listen") : "--http";
  shift::ServerSettings out;
  out.address = shift::parse_address(listen, s.listen);
  if (!out.address.is_loopback && (s.certificate_file.empty() || s.key_file.empty() || s.tokens_file.empty())) {
    throw Error(listen, "'" + s.listen + "' alone", kBeyond);
  }
  out.certificate_file = s.certificate_file;
  out.key_file = s.key_file;
  if (!s.is_read_only) out.tokens_file = s.tokens_file;
  out.names = s.names;
  out.requests_per_s = s.requests_per_s;
  out.streams = s.streams;
  return out;
}

void append(std::vector<shift::Route>& all, std::vector<shift::Route> more) {
  std::move(more.begin(), more.end(), std::back_inserter(all));
}

void log_fact(const std::string& fact) { spdlog::warn("http: {}", fact); }

// What is committed goes on to the metrics.
class MetricsListener : public shift::Listener {
 public:
  explicit MetricsListener(shift::MetricsBoard& board) : board_(board) {}
  void take(const shift::News& news) override { board_.take(news); }
  void turn(bool) override { board_.refresh(); }

 private:
  shift::MetricsBoard& board_;
};

// Members in the order in which they need each other: the server ends first.
class Running : public HttpService {
 public:
  Running(const HttpSettings& settings, alerting::Desk* desk, const Readiness& readiness, HttpProgram program)
      : outlook_(make_outlook(program.mode)), scheme_(settings.certificate_file.empty() ? "http" : "https") {
    const std::string journal = program.journal;
    if (!journal.empty()) record_ = alerting::open_record(journal);
    outlook_.record = record_.get();
    outlook_.desk = desk;
    outlook_.stale_after_s = settings.stale_after_s;
    outlook_.windows = std::move(program.windows);
    outlook_.reasons = [&readiness] { return readiness.reasons(); };
    outlook_.has_ended = std::move(program.has_ended);
    outlook_.pipeline = std::move(program.pipeline);
    if (record_) {
      hub_ = std::make_unique<shift::EventHub>(outlook_, documents_.status());
      metrics_ = std::make_shared<shift::MetricsBoard>(outlook_, metrics_sources(std::move(program.sinks)));
      metrics_listener_ = std::make_unique<MetricsListener>(*metrics_);
      // On a connection of its own: what is new is told while a long document is made.
      followed_ = alerting::open_record(journal);
      follower_ = std::make_unique<shift::Follower>(
          *followed_, std::vector<shift::Listener*>{hub_.get(), metrics_listener_.get()}, log_fact);
    }
    server_ = std::make_unique<shift::Server>(server_settings(settings), routes(settings, desk), log_fact);
    answering_ = server_.get();
    std::fprintf(stderr, "listening on %s\n", server_->url().c_str());
  }
  std::string url() const override { return server_->url(); }

 private:
  shift::MetricsSources metrics_sources(std::vector<std::string> sinks) {
    return {.status = [this] { return nlohmann::ordered_json::parse(documents_.status().now()->text); },
            .server =
                [this] {
                  const shift::Server* const server = answering_;
                  return server == nullptr ? shift::ServerCounts{} : server->counts();
                },
            .windows = outlook_.windows,
            .sinks = std::move(sinks)};
  }

  std::vector<shift::Route> routes(const HttpSettings& settings, alerting::Desk* desk) {
    std::vector<shift::Route> out = shift::health_routes(outlook_.reasons);
    append(out,
           shift::action_routes({.desk = desk, .now_ms = [] { return wall_clock_ns() / 1'000'000; }, .log = log_fact}));
    append(out, documents_.routes());
    append(out, shift::elog_routes(outlook_, settings.certificate_file.empty() ? "http" : "https"));
    if (hub_) append(out, shift::event_routes(*hub_));
    if (metrics_) append(out, shift::metrics_routes(metrics_));
    out.push_back(shift::openapi_route(out, outlook_.version));
    append(out, shift::page_routes());
    return out;
  }

  shift::Outlook outlook_;
  std::string scheme_;
  std::unique_ptr<alerting::Record> record_, followed_;
  shift::Documents documents_{outlook_};
  std::unique_ptr<shift::EventHub> hub_;
  std::atomic<const shift::Server*> answering_{nullptr};  // requests come while the server is still being made
  std::shared_ptr<shift::MetricsBoard> metrics_;
  std::unique_ptr<MetricsListener> metrics_listener_;
  std::unique_ptr<shift::Follower> follower_;
  std::unique_ptr<shift::Server> server_;
};

}  // namespace

void HttpSettings::set_listen(const std::string& address) {
  listen = address;
  places.erase("http_listen");
}

void check_http(const HttpSettings& s) {
  if (s.certificate_file.empty() != s.key_file.empty()) {
    const char* const given = s.key_file.empty() ? "http_certificate_file" : "http_key_file";
    throw Error(place_of(s, given), "without the other", "http_certificate_file and http_key_file together");
  }
  for (const std::string& name : s.names) {
    if (name.empty() || name.size() > 255 || name.find_first_of(" \t/:@") != std::string::npos) {
      throw Error(place_of(s, "http_names"), "'" + name + "'", "host names without port");
    }
  }
  // Files are checked where there is no address too: it may come with --http.
  const auto check = [&](const std::string& key, const shift::ServerSettings& files) {
    try {
      shift::check_files(files);
    } catch (const Error& e) {
      throw Error(place_of(s, key), e.what());
    }
  };
  shift::ServerSettings tls, tokens;
  tls.certificate_file = s.certificate_file;
  tls.key_file = s.key_file;
  check("http_key_file", tls);
  tokens.tokens_file = s.tokens_file;
  check("http_tokens_file", tokens);
  if (!s.listen.empty()) (void)server_settings(s);
}

void Readiness::add(const std::string& reason) {
  const std::lock_guard lock(mutex_);
  if (std::find(reasons_.begin(), reasons_.end(), reason) == reasons_.end()) reasons_.push_back(reason);
}

std::vector<std::string> Readiness::reasons() const {
  const std::lock_guard lock(mutex_);
  return reasons_;
}

std::unique_ptr<HttpService> start_http(const HttpSettings& settings, alerting::Desk* desk, const Readiness& readiness,
                                        HttpProgram program) {
  if (settings.listen.empty()) return nullptr;
  return std::make_unique<Running>(settings, desk, readiness, std::move(program));
}

}  // namespace vigil::app
