#include "apps/mock/mock_service.hpp"
#include "apps/mock/mock_text.hpp"

#include <algorithm>
#include <cmath>

namespace penstock::mock {

using namespace std::chrono_literals;

namespace {

/// The fault that a prompt asks for: `[[mock:429_ra:2,first=1]]`.
std::string_view find_marker(std::string_view body) {
  static constexpr std::string_view opening = "[[mock:";
  const size_t at = body.find(opening);
  if (at == body.npos)
    return {};
  body.remove_prefix(at + opening.size());
  const size_t end = body.find("]]");
  return end == body.npos || end > 200 ? std::string_view{} : body.substr(0, end);
}

std::string_view bearer(std::string_view authorization) {
  static constexpr std::string_view scheme = "Bearer ";
  return authorization.starts_with(scheme) ? authorization.substr(scheme.size()) : authorization;
}

} // namespace

void flight::end() {
  if (std::exchange(counted, false))
    service.stats.ended();
}

mock_service::mock_service(mock_options o)
    : options(std::move(o)), limiter(options.limits), stats(options.track_ids),
      servers_(options.servers), start_(std::chrono::steady_clock::now()) {
  faults.set(options.faults);
  start_ = now();
}

time_point mock_service::now() const {
  const auto real = std::chrono::steady_clock::now();
  if (options.time_scale == 1)
    return real;
  return time_point{from_seconds(to_seconds(real.time_since_epoch()) / options.time_scale)};
}

void mock_service::after(duration d, std::function<void()> f) {
  server_->after(options.time_scale == 1 ? d : from_seconds(real_seconds(to_seconds(d))),
                 std::move(f));
}

void mock_service::handle(const io::http_exchange& e) {
  const auto target = e.target();
  const size_t mark = std::min(target.find('?'), target.size());
  const auto path = target.substr(0, mark);
  if (const auto* form = find_shape(path))
    provide(e, *form, path);
  else
    admin(e, path, target.substr(std::min(mark + 1, target.size())));
}

bool mock_service::refuse_unread(uint32_t served) {
  if (!faults.has_unread())
    return false;
  mock_random r{mix(options.seed ^ mix(++ordinal_))};
  const auto* rule = faults.pick_unread({{}, {}, ordinal_, since_start(), served > 0}, r);
  if (rule)
    stats.fault(rule->name);
  return rule != nullptr;
}

void mock_service::provide(const io::http_exchange& e, const shape& form, std::string_view path) {
  auto f = std::make_shared<flight>(*this, e);
  f->form = &form;
  f->headers = options.headers;
  f->id = hex(mix(options.seed ^ mix(++ordinal_)));
  f->counted = true;
  stats.started();
  auto call = form.parse(e.body());
  if (call)
    f->call = std::move(*call);
  const auto sent_id = e.header("x-client-request-id");
  f->client_id = sent_id.empty() ? fnv1a(e.body()) : fnv1a(sent_id);
  const uint32_t attempt = stats.arrived(f->client_id, sent_id.empty() ? "(no id)" : sent_id);
  f->random =
      mock_random{mix(options.seed ^ mix(f->client_id) ^ (attempt > 0 ? attempt : ordinal_))};
  const auto key = bearer(e.header("authorization"));
  f->key = key.empty() ? e.header("x-api-key") : key;
  if (e.method() != "POST")
    return reply_error(f, {405,
                           "invalid_request_error",
                           "method_not_supported",
                           "invalid_request_error",
                           "Not allowed to " + std::string{e.method()} + " here.",
                           {}});
  if (auto r = choose_fault(*f, path); !r)
    return reply_error(
        f, {400, "mock_error", "unknown_fault", "invalid_request_error", r.error().context, {}});
  if (strike_early(f))
    return;
  if (!call)
    return reply_error(
        f, {400, "invalid_request_error", {}, "invalid_request_error", call.error().context, {}});
  if (!refuse_early(f))
    admit(f);
}

result<void> mock_service::choose_fault(flight& f, std::string_view path) {
  const fault_query q{path,  f.call.model,     f.client_id, since_start(), f.exchange.ordinal() > 1,
                      f.key, stats.in_flight()};
  auto spec = f.exchange.header("x-mock-fault");
  if (spec.empty())
    spec = find_marker(f.exchange.body());
  if (!spec.empty()) {
    auto rule = parse_fault(spec);
    if (!rule)
      return rule.error();
    if (faults.strikes(*rule, q, f.random))
      f.rule = std::move(*rule);
    if (f.rule)
      return {};
  }
  if (!faults.empty())
    if (const auto* rule = faults.pick(q, f.random))
      f.rule = *rule;
  return {};
}

bool mock_service::strike_early(const flight_ptr& f) {
  if (!f->rule)
    return false;
  const auto& rule = *f->rule;
  const auto& e = f->exchange;
  const std::string_view name = rule.name;
  switch (rule.info->phase) {
  case fault_phase::status: {
    stats.fault(rule.name);
    auto s = make_status_fault(rule, f->random, std::chrono::system_clock::now());
    reply_error(f, s.error, std::move(s.headers));
    return true;
  }
  case fault_phase::page: {
    stats.fault(rule.name);
    const int status = page_status(rule);
    const auto size = number_or(rule.argument, 20'000);
    answered(*f, status, false);
    e.reply({status,
             "text/html; charset=UTF-8",
             {},
             html_page(status, static_cast<size_t>(std::clamp(size, 0.0, 64e6))),
             {}});
    return true;
  }
  case fault_phase::socket:
    stats.fault(rule.name);
    if (name == "hang" || name == "hang_headers") {
      end_when_closed(f);
    } else if (name == "hang_connect") {
      server_->pause_accept(from_seconds(real_seconds(to_seconds(span_or(rule.argument, 5s)))));
      return false;
    } else if (name == "garbage") {
      e.raw_write(std::string{"\x16\x03\x01\x00 this is not HTTP\r\n\r\n", 25});
      e.raw_finish(io::raw_end::close);
    } else {
      e.raw_finish(io::raw_end::reset);
    }
    return true;
  case fault_phase::header:
    stats.fault(rule.name);
    f->headers = header_mode_from(name.substr(8)).value_or(f->headers);
    return false;
  case fault_phase::world:
    stats.fault(rule.name);
    if (name == "limit_drift")
      limiter.scale(number_or(rule.argument, 0.5), now());
    else if (name == "brownout")
      f->slowdown = number_or(rule.argument, 10);
    return false;
  default: return false; // Only an admitted request can be answered badly.
  }
}

bool mock_service::refuse_early(const flight_ptr& f) {
  if (!options.key.empty() && f->key != options.key) {
    reply_error(f, {401,
                    "invalid_request_error",
                    "invalid_api_key",
                    "authentication_error",
                    "Incorrect API key provided.",
                    {}});
    return true;
  }
  const auto& known = options.models;
  if (!known.empty() && std::find(known.begin(), known.end(), f->call.model) == known.end()) {
    reply_error(
        f, {404,
            "invalid_request_error",
            "model_not_found",
            "not_found_error",
            "The model `" + f->call.model + "` does not exist or you do not have access to it.",
            {}});
    return true;
  }
  if ((options.overload > 0 && stats.in_flight() > options.overload) ||
      (options.servers.queue > 0 &&
       stats.in_flight() > options.servers.count + options.servers.queue)) {
    const bool anthropic = f->form == &messages_shape();
    reply_error(f, {anthropic ? 529 : 503,
                    "service_unavailable_error",
                    "server_is_overloaded",
                    "overloaded_error",
                    "The server is overloaded.",
                    {}});
    return true;
  }
  return false;
}

void mock_service::admit(const flight_ptr& f) {
  const auto& c = f->call;
  f->answer = make_answer(c, options.output, options.tokens, options.seed);
  const auto input = static_cast<double>(f->answer.input_tokens);
  const auto at = now();
  const auto a = limiter.admit(f->key, c.model, input, static_cast<double>(c.output_max) * c.n, at);
  if (!a.admitted) {
    std::string headers;
    const double wait = real_seconds(a.wait);
    if (!a.too_large && options.retry_after) {
      std::string seconds;
      append_number(seconds, static_cast<uint64_t>(std::max(1.0, std::ceil(wait - 1e-9))));
      io::add_header(headers, "retry-after", seconds);
    }
    if (!a.too_large && options.retry_after_ms) {
      std::string ms;
      append_number(ms, static_cast<uint64_t>(std::ceil(wait * 1000 - 1e-6)));
      io::add_header(headers, "retry-after-ms", ms);
    }
    if (f->form == &messages_shape())
      io::add_header(headers, "x-should-retry", a.too_large ? "false" : "true");
    return reply_error(f, f->form->rejection(a, c.model, wait), std::move(headers));
  }
  f->charged = a.charged_tokens;
  stats.accepted(since_start());
  const auto output = static_cast<double>(f->answer.output_tokens);
  switch (limiter.options().style) {
  case limit_style::openai: stats.charged(since_start(), input, output, a.charged_tokens); break;
  case limit_style::anthropic: stats.charged(since_start(), input, 0, input); break;
  case limit_style::none: stats.charged(since_start(), input, output, input + output); break;
  }
  const double load = load_factor(stats.in_flight(), options.capacity) *
                      servers_.thrash(stats.in_flight()) * f->slowdown;
  f->timing = options.latency_of(c.model).draw(f->random, input, output, load);
  if (f->rule && f->rule->name == "slow") {
    f->timing.total += span_or(f->rule->argument, 5s);
    f->timing.first = std::max(f->timing.first, f->timing.total / 2);
  }
  if (options.servers.count > 0)
    servers_.enter(f->timing, at);
  if (f->timing.total == duration::zero()) {
    produce(f);
    deliver(f);
    return;
  }
  end_when_closed(f);
  produce(f);
  after(c.stream ? f->timing.first : f->timing.total, [f] {
    if (!f->gone)
      deliver(f);
  });
}

void mock_service::end_when_closed(const flight_ptr& f) {
  f->exchange.on_closed([f] {
    f->gone = true;
    if (f->counted)
      f->service.stats.abandoned();
    f->end();
  });
}

void mock_service::produce(const flight_ptr& f) {
  if (limiter.options().style != limit_style::anthropic)
    return;
  const auto debit = [this, f](double tokens) {
    stats.charged(since_start(), 0, tokens, limiter.produced(f->key, f->call.model, tokens, now()));
  };
  const auto tokens = static_cast<double>(f->answer.output_tokens);
  const auto span = f->timing.total - f->timing.first;
  if (f->timing.total == duration::zero())
    return debit(tokens);
  const int slices = span > duration::zero() ? 8 : 1;
  for (int i = 1; i <= slices; ++i)
    after(f->timing.first + span * i / slices, [f, debit, part = tokens / slices] {
      if (!f->gone) // Nobody listens: a provider stops producing.
        debit(part);
    });
}

std::string mock_service::common_headers(flight& f) {
  std::string out;
  auto levels = limiter.levels(f.key, f.call.model, now());
  for (auto& l : levels)
    l.reset = real_seconds(l.reset);
  f.form->headers(out, levels, f.headers, f.id, f.random, std::chrono::system_clock::now());
  return out;
}

void mock_service::reply_error(const flight_ptr& f, const provider_error& e,
                               std::string extra_headers) {
  answered(*f, e.status, false);
  auto headers = common_headers(*f);
  headers += extra_headers;
  f->exchange.reply(
      {e.status, "application/json", std::move(headers), f->form->error_body(e, f->id), {}});
}

void mock_service::answered(flight& f, int status, bool good) {
  stats.answered(f.client_id, status, good, since_start());
  f.end();
}

} // namespace penstock::mock
