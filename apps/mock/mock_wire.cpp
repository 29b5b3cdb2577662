#include "apps/mock/mock_service.hpp"
#include "apps/mock/mock_text.hpp"

#include <algorithm>
#include <functional>

namespace penstock::mock {

using namespace std::chrono_literals;

namespace {

/// An answer that is sent with a fault.
struct bad_answer {
  flight_ptr f;
  std::string content_type;
  std::string body;

  const io::http_exchange& exchange() const { return f->exchange; }
  std::string_view argument() const { return f->rule->argument; }

  /// Status line and headers; `framing` is whole lines.
  std::string head(const std::string& framing, std::string_view connection = "",
                   std::chrono::seconds clock_skew = {}) const {
    std::string out = "HTTP/1.1 200 OK\r\n";
    io::add_header(out, "date", http_date(std::chrono::system_clock::now() + clock_skew));
    io::add_header(out, "content-type", content_type);
    if (!connection.empty())
      io::add_header(out, "connection", connection);
    return out + framing + f->service.common_headers(*f) + "\r\n";
  }
  static std::string length(size_t n) { return "content-length: " + std::to_string(n) + "\r\n"; }
  static std::string chunk(std::string_view bytes) {
    static constexpr char digits[] = "0123456789abcdef";
    std::string size;
    for (size_t n = bytes.size(); n > 0; n /= 16)
      size.insert(size.begin(), digits[n % 16]);
    return size + "\r\n" + std::string{bytes} + "\r\n";
  }
  std::string half() const { return body.substr(0, body.size() / 2); }

  void write(std::string bytes) const { raw_write(exchange(), std::move(bytes)); }
  void end(raw_end how) const {
    f->end();
    raw_finish(exchange(), how);
  }
  /// Never ends; the client must end it.
  void hold() const { f->service.end_when_closed(f); }
  void good_end(raw_end how) const {
    f->service.answered(*f, 200, true);
    raw_finish(exchange(), how);
  }
};
using bad_answer_ptr = std::shared_ptr<bad_answer>;

/// Sends `body` from `at` on in steps of `step` bytes, each after a pause.
void drip(const bad_answer_ptr& a, size_t at, size_t step, duration pause) {
  if (a->f->gone)
    return;
  if (at >= a->body.size())
    return a->good_end(raw_end::keep);
  a->write(a->body.substr(at, step));
  a->f->service.after(pause, [a, at, step, pause] { drip(a, at + step, step, pause); });
}

/// Sends `left` bytes of filler piece by piece, then `tail`, so that a huge answer needs no memory.
void pour(const bad_answer_ptr& a, size_t left, const std::string& tail) {
  if (left == 0) {
    a->write(tail);
    a->end(raw_end::keep);
    return;
  }
  const size_t piece = std::min<size_t>(left, 65536);
  raw_write(a->exchange(), std::string(piece, 'a'), [a, left, piece, tail](bool alive) {
    // Not inside the write, because with a fast reader the recursion would be deep.
    if (alive)
      a->f->service.after(0ns, [a, left, piece, tail] { pour(a, left - piece, tail); });
    else
      a->f->end();
  });
}

void noise(const bad_answer_ptr& a, int lines, duration pause) {
  if (a->f->gone)
    return;
  if (lines == 0) {
    a->write(bad_answer::chunk(a->body) + "0\r\n\r\n");
    return a->good_end(raw_end::keep);
  }
  a->write(
    bad_answer::chunk(a->content_type == "text/event-stream" ? a->f->form->comment() : "\n"));
  a->f->service.after(pause, [a, lines, pause] { noise(a, lines - 1, pause); });
}

struct way {
  std::string_view name;
  void (*send)(const bad_answer_ptr&);
};

constexpr std::string_view chunked = "transfer-encoding: chunked\r\n";

const way ways[] = {
  {"dup_delivery", [](const bad_answer_ptr& a) { a->end(raw_end::reset); }},
  {"reset_after_headers",
   [](const bad_answer_ptr& a) {
     a->write(a->head(a->length(a->body.size())));
     a->end(raw_end::reset);
   }},
  {"reset_body",
   [](const bad_answer_ptr& a) {
     a->write(a->head(a->length(a->body.size())) + a->half());
     a->end(raw_end::reset);
   }},
  {"reset_idle", // Promises keep-alive, but closes.
   [](const bad_answer_ptr& a) {
     a->write(a->head(a->length(a->body.size())) + a->body);
     a->good_end(raw_end::close);
   }},
  {"truncated_len",
   [](const bad_answer_ptr& a) {
     a->write(a->head(a->length(a->body.size())) + a->half());
     a->end(raw_end::close);
   }},
  {"truncated_chunked",
   [](const bad_answer_ptr& a) {
     a->write(a->head(std::string{chunked}) + a->chunk(a->half()));
     a->end(raw_end::close);
   }},
  {"wrong_len_long",
   [](const bad_answer_ptr& a) {
     a->write(a->head(a->length(a->body.size() + 100)) + a->body);
     a->hold();
   }},
  {"wrong_len_short", // The rest damages the next answer on the connection.
   [](const bad_answer_ptr& a) {
     a->write(a->head(a->length(a->body.size() - std::min<size_t>(10, a->body.size()))) + a->body);
     a->end(raw_end::keep);
   }},
  {"slow_drip",
   [](const bad_answer_ptr& a) {
     a->hold();
     a->write(a->head(a->length(a->body.size())));
     drip(a, 0, 1, span_or(a->argument(), 100ms));
   }},
  {"hang_body",
   [](const bad_answer_ptr& a) {
     a->write(a->head(a->length(a->body.size())) + a->half());
     a->hold();
   }},
  {"huge_body",
   [](const bad_answer_ptr& a) {
     const auto bytes =
       static_cast<size_t>(std::clamp(number_or(a->argument(), 64), 1.0, 65536.0) * 1048576);
     const std::string opening =
       R"({"id":"huge","choices":[{"index":0,"message":{"role":"assistant","content":")";
     const std::string tail = "\"}}]}";
     a->hold();
     a->write(a->head(a->length(opening.size() + bytes + tail.size())) + opening);
     pour(a, bytes, tail);
   }},
  {"keepalive_noise",
   [](const bad_answer_ptr& a) {
     a->hold();
     a->write(a->head(std::string{chunked}));
     noise(a, static_cast<int>(std::clamp(number_or(a->argument(), 5), 0.0, 1e6)), 50ms);
   }},
  {"chunked", // Valid: pieces of ten bytes.
   [](const bad_answer_ptr& a) {
     std::string all = a->head(std::string{chunked});
     for (size_t at = 0; at < a->body.size(); at += 10)
       all += a->chunk(std::string_view{a->body}.substr(at, 10));
     a->write(all + "0\r\n\r\n");
     a->good_end(raw_end::keep);
   }},
  {"close_delimited", // Valid, and indistinguishable from a cut one.
   [](const bad_answer_ptr& a) {
     a->write(a->head("", "close") + a->body);
     a->good_end(raw_end::close);
   }},
  {"clock_skew",
   [](const bad_answer_ptr& a) {
     const auto skew = std::chrono::seconds{
       static_cast<int64_t>(std::clamp(number_or(a->argument(), 600), -1e9, 1e9))};
     a->write(a->head(a->length(a->body.size()), "", skew) + a->body);
     a->good_end(raw_end::keep);
   }},
};

} // namespace

void deliver_badly(const flight_ptr& f, std::string content_type, std::string body) {
  const auto a =
    std::make_shared<bad_answer>(bad_answer{f, std::move(content_type), std::move(body)});
  for (const auto& w : ways)
    if (w.name == f->rule->name)
      return w.send(a);
}

} // namespace penstock::mock
