#include "apps/penstock/mock/mock_control.hpp"

#include "core/io/http/curl_loop.hpp"
#include "core/json/json_text.hpp"

#include <boost/json.hpp>

#include <cmath>
#include <condition_variable>
#include <mutex>
#include <optional>

namespace penstock::cli {

namespace {

namespace json = boost::json;

uint64_t count_of(const json::value& v, std::initializer_list<std::string_view> path) {
  const json::value* at = &v;
  for (auto name : path) {
    auto* object = at->if_object();
    at = object ? object->if_contains(name) : nullptr;
    if (!at)
      return 0;
  }
  boost::system::error_code ec;
  const auto n = at->to_number<double>(ec);
  return ec || n < 0 ? 0 : static_cast<uint64_t>(n);
}

} // namespace

/// A loop with one exchange at a time.
struct mock_control::wire {
  std::mutex mutex;
  std::condition_variable done;
  std::optional<core::http_response> answer;
  uint64_t calls = 0;
  io::curl_loop loop{{.connections_max = 1, .loops = 1},
                     [this](std::vector<core::completion> batch) {
                       std::lock_guard lock{mutex};
                       answer = std::move(batch.back().response);
                       done.notify_all();
                     }};
};

mock_control::mock_control(std::string origin)
    : origin_{std::move(origin)}, wire_{std::make_unique<wire>()} {}
mock_control::~mock_control() = default;

result<std::string> mock_control::call(const std::string& method, const std::string& path,
                                       std::string body) {
  constexpr auto timeout = std::chrono::seconds{10};
  core::exchange x;
  x.request = {method,
               origin_ + path,
               {{"content-type", "application/json"}},
               core::make_payload(std::move(body))};
  if (method == "GET")
    x.request.body = {};
  x.timeout = x.idle_timeout = timeout;
  std::unique_lock lock{wire_->mutex};
  x.id = ++wire_->calls;
  wire_->answer.reset();
  std::vector<core::exchange> batch;
  batch.push_back(std::move(x));
  wire_->loop.submit(std::move(batch));
  wire_->done.wait(lock, [&] { return wire_->answer.has_value(); });
  auto& r = *wire_->answer;
  if (r.failure != core::transport_error::none)
    return error{errc::connection_failed,
                 "the mock at " + origin_ + " does not answer: " + r.failure_text};
  if (r.status != 200)
    return error{errc::bad_response, "the mock refuses " + method + " " + path + " (" +
                                       std::to_string(r.status) + "): " + r.body.substr(0, 300)};
  return std::move(r.body);
}

result<void> mock_control::reset() {
  auto done = call("POST", "/stats/reset", "");
  return done ? result<void>{} : done.error();
}

result<void> mock_control::set_faults(const std::vector<std::string>& faults) {
  json::array list;
  for (auto& fault : faults)
    list.emplace_back(fault);
  auto done = call("POST", "/faults", core::json_text(json::object{{"faults", std::move(list)}}));
  return done ? result<void>{} : done.error();
}

result<void> mock_control::set_limits(const std::vector<std::pair<std::string, double>>& limits) {
  json::object object;
  for (auto& [name, value] : limits)
    object[name] = value;
  auto done = call("POST", "/limits", core::json_text(object));
  return done ? result<void>{} : done.error();
}

result<core::load_upstream> mock_control::look(duration since) {
  const auto seconds = static_cast<uint64_t>(std::ceil(to_seconds(since)));
  auto text = call("GET", "/stats?series=0&since=" + std::to_string(seconds), "");
  if (!text)
    return text.error();
  boost::system::error_code ec;
  const auto v = json::parse(*text, ec);
  if (ec)
    return error{errc::bad_response, "the statistics of the mock at " + origin_ + " are no JSON"};
  core::load_upstream out;
  out.requests = count_of(v, {"requests"});
  out.rate_limited = count_of(v, {"rate_limited"});
  out.paid_twice = count_of(v, {"ids", "answered_duplicates"});
  auto* share = v.is_object() ? v.get_object().if_contains("share") : nullptr;
  if (share && share->is_object())
    for (std::string_view name : {"rpm", "itpm", "otpm", "tpm"})
      if (auto* x = share->get_object().if_contains(name); x && x->is_number())
        out.share_of_limit = std::max(out.share_of_limit.value_or(0), x->to_number<double>());
  return out;
}

} // namespace penstock::cli
