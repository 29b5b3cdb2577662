#include "apps/mock/mock_json.hpp"
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

/// The API key in the place where this protocol has it. Other places do not count.
std::string_view key_of(const io::http_exchange& e, provider p) {
  if (p == provider::gemini) {
    const auto key = e.header("x-goog-api-key");
    const auto target = e.target();
    return !key.empty()
             ? key
             : query_value(target.substr(std::min(target.find('?'), target.size() - 1) + 1), "key");
  }
  const auto key = p == provider::anthropic ? e.header("x-api-key") : std::string_view{};
  return !key.empty() ? key : bearer(e.header("authorization"));
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
  set_limits(options.limits);
}

void mock_service::set_limits(const limiter_options& o) {
  limiter.configure(o, now());
  for (size_t i = 0; i < provider_count; ++i) {
    auto own = o;
    own.style = *limit_style_from(to_string(static_cast<provider>(i)));
    native_[i].configure(own, now());
  }
}

void mock_service::scale_limits(double factor) {
  limiter.scale(factor, now());
  for (auto& l : native_)
    l.scale(factor, now());
}

mock_limiter& mock_service::limiter_of(const flight& f) {
  return limiter.options().style == limit_style::native
           ? native_[static_cast<size_t>(f.form->speaks())]
           : limiter;
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

void mock_service::bind(io::http_server& server) {
  server_ = &server;
  refuse_unread(server, [this](uint64_t, uint32_t served) { return closes_unread(served); });
}

bool mock_service::closes_unread(uint32_t served) {
  if (!faults.has_unread())
    return false;
  mock_random r{mix(options.seed ^ mix(++ordinal_))};
  const auto* rule = faults.pick_unread({{}, {}, ordinal_, since_start(), served > 0}, r);
  if (rule)
    stats.fault(rule->name);
  unread_ += rule != nullptr;
  return rule != nullptr;
}

void mock_service::provide(const io::http_exchange& e, const shape& form, std::string_view path) {
  auto f = std::make_shared<flight>(*this, e);
  f->form = &form;
  f->headers = options.headers;
  f->id = hex(mix(options.seed ^ mix(++ordinal_)));
  f->counted = true;
  stats.started();
  auto call = form.parse(e.body(), e.target());
  if (call)
    f->call = std::move(*call);
  const auto sent_id = e.header("x-client-request-id");
  f->client_id = sent_id.empty() ? fnv1a(e.body()) : fnv1a(sent_id);
  const uint32_t attempt = stats.arrived(f->client_id, sent_id.empty() ? "(no id)" : sent_id);
  f->random =
    mock_random{mix(options.seed ^ mix(f->client_id) ^ (attempt > 0 ? attempt : ordinal_))};
  f->key = key_of(e, form.speaks());
  f->seen_as = stats.seen(form.speaks(), f->call.model, f->key);
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
  const fault_query q{
    path,  f.call.model,      f.client_id,          since_start(), f.exchange.ordinal() > 1,
    f.key, stats.in_flight(), !f.call.pack.empty(), f.call.text};
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

void mock_service::admit(const flight_ptr& f) {
  const auto& c = f->call;
  f->answer = make_answer(c, options.output, options.tokens, options.seed);
  add_detail(f->answer, c, options.detail);
  if (c.counting)
    return deliver(f);
  auto& limiter = limiter_of(*f);
  const auto style = limiter.options().style;
  const auto cached = style == limit_style::anthropic ? f->answer.cached_tokens : 0;
  const auto input = static_cast<double>(f->answer.input_tokens - cached);
  const auto at = now();
  const auto a = limiter.admit(f->key, c.model, input, static_cast<double>(c.output_max) * c.n, at);
  if (!a.admitted) {
    std::string headers;
    const double wait = real_seconds(a.wait);
    const bool in_headers = f->form->speaks() < provider::gemini;
    if (!a.too_large && options.retry_after && in_headers) {
      std::string seconds;
      append_number(seconds, static_cast<uint64_t>(std::max(1.0, std::ceil(wait - 1e-9))));
      io::add_header(headers, "retry-after", seconds);
    }
    if (!a.too_large && options.retry_after_ms && in_headers) {
      std::string ms;
      append_number(ms, static_cast<uint64_t>(std::ceil(wait * 1000 - 1e-6)));
      io::add_header(headers, "retry-after-ms", ms);
    }
    if (f->form->speaks() == provider::anthropic)
      io::add_header(headers, "x-should-retry", a.too_large ? "false" : "true");
    auto error = f->form->rejection(a, c.model, wait);
    if (!options.retry_after)
      error.retry.clear();
    return reply_error(f, error, std::move(headers));
  }
  f->charged = a.charged_tokens;
  stats.accepted(since_start(), f->seen_as);
  if (!c.pack.empty())
    stats.pack(c.pack.size());
  const auto output = static_cast<double>(f->answer.output_tokens);
  switch (style) {
  case limit_style::openai: stats.charged(since_start(), input, output, a.charged_tokens); break;
  case limit_style::anthropic: stats.charged(since_start(), input, 0, input); break;
  case limit_style::gemini: stats.charged(since_start(), input, output, input); break;
  default: stats.charged(since_start(), input, output, input + output);
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
  if (limiter_of(*f).options().style != limit_style::anthropic)
    return;
  const auto debit = [this, f](double tokens) {
    stats.charged(since_start(), 0, tokens,
                  limiter_of(*f).produced(f->key, f->call.model, tokens, now()));
  };
  const auto tokens = static_cast<double>(f->answer.output_tokens);
  const auto span = f->timing.total - f->timing.first;
  if (f->timing.total == duration::zero())
    return debit(tokens);
  const int slices = span > duration::zero() ? 8 : 1;
  for (int i = 1; i <= slices; ++i)
    after(f->timing.first + span * i / slices, [f, debit, part = tokens / slices] {
      if (!f->gone) // A provider stops producing when its client leaves.
        debit(part);
    });
}

std::string mock_service::common_headers(flight& f) {
  std::string out;
  auto levels = limiter_of(f).levels(f.key, f.call.model, now());
  if (f.headers == header_mode::empty)
    for (auto& level : levels) {
      level.remaining = 0;
      level.reset = 3600;
    }
  for (auto& l : levels)
    l.reset = real_seconds(l.reset);
  f.form->headers(out, levels, f.headers, f.id, f.random, std::chrono::system_clock::now());
  return out;
}

void mock_service::reply_error(const flight_ptr& f, const provider_error& e,
                               std::string extra_headers) {
  const int status = e.http_status > 0 ? e.http_status : e.status;
  answered(*f, status, false);
  auto headers = common_headers(*f);
  headers += extra_headers;
  f->exchange.reply(
    {status, "application/json", std::move(headers), f->form->error_body(e, f->id)});
}

void mock_service::answered(flight& f, int status, bool good) {
  stats.answered(f.client_id, status, good, since_start());
  f.end();
}

} // namespace penstock::mock
