#include "alerting/http_client.h"

#include <curl/curl.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cctype>
#include <exception>
#include <mutex>

#include "core/error.h"

namespace vigil::alerting {
namespace {

constexpr int kSliceMs = 500;  // the longest look-away; abandon() wakes it

void start_libcurl() {
  static std::once_flag once;
  std::call_once(once, [] {
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) throw Error("libcurl", "cannot be started");
  });
}

struct Headers {
  curl_slist* list = nullptr;
  ~Headers() { curl_slist_free_all(list); }
  void add(const std::string& header) {
    if (curl_slist* longer = curl_slist_append(list, header.c_str())) list = longer;
  }
};

// What the callbacks of one exchange share with it.
struct Exchange {
  const std::function<bool()>* begin = nullptr;
  std::exception_ptr thrown;
  bool begun = false, withdrawn = false;
  std::size_t most_bytes = kAnswerBytes;
  HttpAnswer answer;
};

int on_ready(void* data, char*, char*, int, int) {
  auto& exchange = *static_cast<Exchange*>(data);
  try {
    exchange.withdrawn = *exchange.begin && !(*exchange.begin)();
  } catch (...) {  // not through C
    exchange.thrown = std::current_exception();
    exchange.withdrawn = true;
  }
  exchange.begun = !exchange.withdrawn;
  return exchange.withdrawn ? CURL_PREREQFUNC_ABORT : CURL_PREREQFUNC_OK;
}

std::size_t on_body(char* bytes, std::size_t size, std::size_t n, void* data) {
  auto* const exchange = static_cast<Exchange*>(data);
  HttpAnswer& answer = exchange->answer;
  const std::size_t room = exchange->most_bytes - answer.body.size();
  answer.body.append(bytes, std::min(room, size * n));
  answer.cut = answer.cut || size * n > room;
  return answer.cut ? 0 : size * n;
}

struct Url {
  CURLU* handle = curl_url();
  ~Url() { curl_url_cleanup(handle); }
  std::string part(CURLUPart which) const {
    char* text = nullptr;
    if (curl_url_get(handle, which, &text, 0) != CURLUE_OK || text == nullptr) return {};
    std::string copy = text;
    curl_free(text);
    return copy;
  }
};

}  // namespace

struct HttpClient::State {
  State() {
    start_libcurl();
    easy = curl_easy_init();
    multi = curl_multi_init();
    if (easy == nullptr || multi == nullptr) throw Error("libcurl", "cannot be started");
  }
  ~State() {
    curl_multi_cleanup(multi);
    curl_easy_cleanup(easy);
  }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  void set(const HttpRequest& request, const Headers& headers, Exchange& exchange, char* error) const;
  CURLcode run() const;

  CURL* easy = nullptr;
  CURLM* multi = nullptr;
  std::atomic<bool> abandoned = false;
};

void HttpClient::State::set(const HttpRequest& request, const Headers& headers, Exchange& exchange, char* error) const {
  curl_easy_reset(easy);
  const auto option = [this](CURLoption name, auto value) {
    if (curl_easy_setopt(easy, name, value) != CURLE_OK) throw Error("libcurl", "an option it does not know");
  };
  option(CURLOPT_URL, request.url.c_str());
  option(CURLOPT_PROTOCOLS_STR, "http,https");
  option(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  option(CURLOPT_NOSIGNAL, 1L);
  option(CURLOPT_QUICK_EXIT, 1L);  // a name server that is silent does not hold up the end
  option(CURLOPT_PROXY, "");
  option(CURLOPT_NOPROXY, "*");
  option(CURLOPT_NETRC, static_cast<long>(CURL_NETRC_IGNORED));
  option(CURLOPT_FOLLOWLOCATION, 0L);
  option(CURLOPT_FRESH_CONNECT, 1L);
  option(CURLOPT_FORBID_REUSE, 1L);
  option(CURLOPT_SSL_VERIFYPEER, 1L);
  option(CURLOPT_SSL_VERIFYHOST, 2L);
  option(CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  if (!request.ca_file.empty()) {
    option(CURLOPT_CAINFO, request.ca_file.c_str());
    option(CURLOPT_CAPATH, static_cast<char*>(nullptr));
  }
  option(CURLOPT_TIMEOUT_MS, static_cast<long>(request.timeout_ms));
  option(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(request.timeout_ms));
  option(CURLOPT_USERAGENT, "vigil");
  if (request.method != "GET") {
    option(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
    option(CURLOPT_POSTFIELDS, request.body.data());
    option(CURLOPT_CUSTOMREQUEST, request.method.c_str());
  }
  option(CURLOPT_HTTPHEADER, headers.list);
  option(CURLOPT_WRITEFUNCTION, &on_body);
  option(CURLOPT_WRITEDATA, &exchange);
  option(CURLOPT_PREREQFUNCTION, &on_ready);
  option(CURLOPT_PREREQDATA, &exchange);
  option(CURLOPT_ERRORBUFFER, error);
}

CURLcode HttpClient::State::run() const {
  if (curl_multi_add_handle(multi, easy) != CURLM_OK) return CURLE_FAILED_INIT;
  CURLcode result = CURLE_ABORTED_BY_CALLBACK;
  for (int running = 1; running > 0 && !abandoned;) {
    if (curl_multi_perform(multi, &running) != CURLM_OK) break;
    if (running > 0) (void)curl_multi_poll(multi, nullptr, 0, kSliceMs, nullptr);
  }
  int left = 0;
  while (const CURLMsg* message = curl_multi_info_read(multi, &left)) {
    if (message->msg == CURLMSG_DONE) result = message->data.result;
  }
  curl_multi_remove_handle(multi, easy);
  return result;
}

HttpClient::HttpClient() : state_(std::make_unique<State>()) {}
HttpClient::~HttpClient() = default;

void HttpClient::abandon() {
  state_->abandoned = true;
  curl_multi_wakeup(state_->multi);
}

HttpAnswer HttpClient::exchange(const HttpRequest& request, const std::function<bool()>& begin) {
  Exchange exchange;
  exchange.most_bytes = request.most_bytes;
  exchange.begin = &begin;
  Headers headers;
  headers.add("Expect:");  // no round trip before the body
  for (const std::string& header : request.headers) headers.add(header);
  std::array<char, CURL_ERROR_SIZE> error{};
  state_->set(request, headers, exchange, error.data());
  const CURLcode result = state_->run();
  if (exchange.thrown) std::rethrow_exception(exchange.thrown);
  HttpAnswer& answer = exchange.answer;
  if (exchange.withdrawn) {
    answer.end = HttpAnswer::End::withdrawn;
  } else if (!exchange.begun) {
    answer.end = HttpAnswer::End::not_sent;
  } else {
    const bool whole = result == CURLE_OK || (result == CURLE_WRITE_ERROR && answer.cut);
    answer.end = whole ? HttpAnswer::End::answered : HttpAnswer::End::unknown;
  }
  if (answer.end == HttpAnswer::End::answered) {
    long status = 0;
    curl_easy_getinfo(state_->easy, CURLINFO_RESPONSE_CODE, &status);
    answer.status = static_cast<int>(status);
    curl_header* header = nullptr;
    if (curl_easy_header(state_->easy, "Retry-After", 0, CURLH_HEADER, -1, &header) == CURLHE_OK) {
      answer.retry_after = header->value;
    }
  } else if (state_->abandoned) {
    answer.error = "abandoned: vigil is ending";
  } else {
    answer.error = error.front() != '\0' ? error.data() : curl_easy_strerror(result);
  }
  return std::move(answer);
}

std::string url_problem(const std::string& url) {
  const Url parsed;
  if (!url.starts_with("http://") && !url.starts_with("https://")) return "no http or https URL";
  for (const char c : url) {
    if (static_cast<unsigned char>(c) <= 0x20 || c == 0x7f) return "a space or control character";
  }
  // libcurl takes http:///x for http://x.
  const std::size_t authority = url.find("//") + 2;
  if (authority == url.size() || std::string_view("/?#").find(url[authority]) != std::string_view::npos) {
    return "no host: no http or https URL";
  }
  if (curl_url_set(parsed.handle, CURLUPART_URL, url.c_str(), 0) != CURLUE_OK) return "a malformed URL";
  if (!parsed.part(CURLUPART_USER).empty() || !parsed.part(CURLUPART_PASSWORD).empty() ||
      url.substr(url.find("//") + 2, url.find('/', url.find("//") + 2) - url.find("//") - 2).find('@') !=
          std::string::npos) {
    return "a user or password";
  }
  if (parsed.part(CURLUPART_HOST).empty()) return "no host";
  if (!parsed.part(CURLUPART_FRAGMENT).empty()) return "a fragment";
  return {};
}

bool is_plain_beyond_loopback(const std::string& url) {
  const Url parsed;
  if (curl_url_set(parsed.handle, CURLUPART_URL, url.c_str(), 0) != CURLUE_OK) return true;
  if (parsed.part(CURLUPART_SCHEME) != "http") return false;
  const std::string host = parsed.part(CURLUPART_HOST);
  if (host == "localhost" || host == "[::1]") return false;
  // Only numbers: 127.example.org is another machine.
  const bool numeric = host.find_first_not_of("0123456789.") == std::string::npos;
  return !(numeric && host.starts_with("127.") && std::count(host.begin(), host.end(), '.') == 3);
}

}  // namespace vigil::alerting
