#include "apps/mock/mock_pack.hpp"
#include "apps/mock/mock_service.hpp"
#include "apps/mock/mock_text.hpp"

#include <algorithm>
#include <array>

namespace penstock::mock {

using namespace std::chrono_literals;

namespace {

int64_t unix_seconds() {
  return std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
}

/// Gives tokens back that were reserved but not produced, if this provider does so.
void settle(flight& f) {
  const auto real = static_cast<double>(f.answer.input_tokens + f.answer.output_tokens);
  auto& s = f.service;
  const double back = s.limiter_of(f).settle(f.key, f.call.model, f.charged, real, s.now());
  if (back > 0)
    s.stats.charged(s.since_start(), 0, 0, -back);
}

std::string processing_headers(const flight_ptr& f) {
  auto headers = f->service.common_headers(*f);
  if (f->form->speaks() != provider::openai)
    return headers;
  std::string ms;
  append_number(ms, static_cast<uint64_t>(to_ms(f->timing.total)));
  io::add_header(headers, "openai-processing-ms", ms);
  return headers;
}

constexpr size_t filler_size = 65536;

/// A stream being sent: events, and the pause before each.
struct event_feed {
  flight_ptr f;
  std::vector<std::string> events; ///< An empty one stands for 64 KB of filler, made as it is sent.
  duration gap{};
  size_t next = 0;
  bool good = true;
  bool cut = false;        ///< The connection ends before the stream does.
  bool hold_every = false; ///< Each piece is written alone, so that it is a packet of its own.
};

void finish(event_feed& feed) {
  feed.f->service.answered(*feed.f, 200, feed.good);
  if (feed.cut)
    raw_finish(feed.f->exchange, raw_end::close);
  else
    feed.f->exchange.end();
}

void send_next(const std::shared_ptr<event_feed>& feed) {
  if (feed->f->gone)
    return;
  if (feed->next == feed->events.size())
    return finish(*feed);
  auto piece = std::move(feed->events[feed->next++]);
  if (piece.empty())
    piece.assign(filler_size, 'a');
  feed->f->exchange.write(std::move(piece), [feed](bool alive) {
    if (alive)
      feed->f->service.after(feed->gap, [feed] { send_next(feed); });
  });
}

/// The events in pieces of 1 to 7 bytes, with line ends of Windows. A parser must read them.
std::vector<std::string> split_small(const std::vector<std::string>& events, mock_random& r) {
  std::string all;
  for (const auto& e : events)
    for (char c : e)
      all += c == '\n' ? std::string{"\r\n"} : std::string(1, c);
  std::vector<std::string> pieces;
  for (size_t at = 0; at < all.size();) {
    const size_t size = 1 + r.next() % 7;
    pieces.push_back(all.substr(at, size));
    at += size;
  }
  return pieces;
}

/// Changes the events as a `stream` fault wants it.
void spoil_events(event_feed& feed, const fault_rule& rule) {
  const std::string_view name = rule.name;
  auto& events = feed.events;
  const size_t half = std::max<size_t>(1, events.size() / 2);
  if (name == "sse_no_done") {
    events.pop_back();
    feed.good = false;
  } else if (name == "sse_cut") {
    events.resize(half);
    events.back().resize(events.back().size() / 2);
    feed.good = false;
    feed.cut = true;
  } else if (name == "sse_error") {
    events.resize(half);
    const provider_error e{
      500, "server_error", "server_is_overloaded", "overloaded_error", "Overloaded", {}};
    events.push_back(feed.f->form->error_event(e, feed.f->id));
    feed.good = false;
  } else if (name == "sse_split") {
    events = split_small(events, feed.f->random);
    feed.hold_every = true;
  } else if (name == "sse_comments") {
    for (auto& e : events)
      e.insert(0, feed.f->form->comment());
  } else if (name == "sse_huge_line") {
    const auto bytes =
      static_cast<size_t>(std::clamp(number_or(rule.argument, 64), 0.0, 4096.0) * 1048576);
    std::vector<std::string> line{"data: \""};
    line.resize(line.size() + bytes / filler_size);
    line.emplace_back("\"\n\n");
    events = std::move(line);
    feed.good = false;
    feed.hold_every = true;
  }
}

/// Whether the client gets something to keep, for the count of good answers. A body of which only
/// some bytes are wrong can be repaired.
bool holds_an_answer(const std::optional<fault_rule>& rule) {
  static constexpr auto worthless =
    std::to_array<std::string_view>({"empty_choices", "null_content", "no_content", "empty_content",
                                     "blank_content", "finish", "think_open"});
  static constexpr auto repairable =
    std::to_array<std::string_view>({"half_surrogate", "cut_utf8", "control_chars", "nan"});
  const auto is_in = [&rule](const auto& list) {
    return std::find(list.begin(), list.end(), rule->name) != list.end();
  };
  return !rule || (rule->info->phase == fault_phase::body ? is_in(repairable) : !is_in(worthless));
}

void deliver_stream(const flight_ptr& f) {
  auto feed = std::make_shared<event_feed>();
  feed->f = f;
  const answer_tweak tweak = f->rule ? make_tweak(*f->rule) : answer_tweak{};
  feed->events = f->form->events(f->call, f->answer, tweak, f->id, unix_seconds());
  feed->good = holds_an_answer(f->rule);
  if (f->rule && f->rule->info->phase == fault_phase::stream)
    spoil_events(*feed, *f->rule);
  io::http_reply head{200, std::string{f->form->stream_type(f->call)}, processing_headers(f), {}};
  io::add_header(head.headers, "cache-control", "no-cache");
  const auto span = f->timing.total - f->timing.first;
  feed->gap = span / static_cast<int64_t>(std::max<size_t>(1, feed->events.size()));
  if (span == duration::zero() && !feed->hold_every) {
    for (const auto& e : feed->events)
      head.body += e;
    f->exchange.begin(std::move(head));
    return finish(*feed);
  }
  if (span == duration::zero()) // Else the wait for the first token watches already.
    f->service.end_when_closed(f);
  f->exchange.begin(std::move(head));
  send_next(feed);
}

} // namespace

void deliver(const flight_ptr& f) {
  const auto struck_by = [&f](fault_phase phase) {
    return f->rule && f->rule->info->phase == phase;
  };
  const bool wire = struck_by(fault_phase::wire), body_spoiled = struck_by(fault_phase::body);
  const bool changed = struck_by(fault_phase::answer), packed = struck_by(fault_phase::pack);
  if (changed || packed || body_spoiled || wire ||
      (struck_by(fault_phase::stream) && f->call.stream))
    f->service.stats.fault(f->rule->name);
  settle(*f);
  if (changed)
    spoil_text(*f->rule, f->call, f->answer);
  if (packed) {
    const auto& o = f->service.options;
    f->answer.text = garble_pack(answer_pack(f->call, o.output, o.tokens, o.seed), f->rule->name,
                                 f->rule->argument, f->random);
  }
  if (f->call.stream && !body_spoiled && !wire)
    return deliver_stream(f);
  const answer_tweak tweak = changed ? make_tweak(*f->rule) : answer_tweak{};
  std::string content_type = "application/json";
  std::string body;
  if (f->call.stream) {
    content_type = f->form->stream_type(f->call);
    for (const auto& e : f->form->events(f->call, f->answer, tweak, f->id, unix_seconds()))
      body += e;
  } else {
    body = f->form->answer(f->call, f->answer, tweak, f->id, unix_seconds());
  }
  if (wire)
    return deliver_badly(f, std::move(content_type), std::move(body));
  if (body_spoiled)
    spoil_body(*f->rule, body, content_type);
  auto headers = processing_headers(f);
  f->service.answered(*f, 200, holds_an_answer(f->rule));
  f->exchange.reply({200, std::move(content_type), std::move(headers), std::move(body)});
}

} // namespace penstock::mock
