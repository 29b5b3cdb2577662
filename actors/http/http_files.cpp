#include "actors/http/http_front.hpp"

#include "core/io/file/wall_clock.hpp"
#include "core/json/json_fields.hpp"
#include "core/json/json_text.hpp"
#include "messages/errors.hpp"

#include <caf/all.hpp>

#include <boost/json.hpp>

#include <charconv>
#include <fstream>

namespace penstock::actors {

namespace {

constexpr size_t chunk_bytes = 64u << 10;
constexpr duration info_within = std::chrono::seconds{10};

/// What a list call asks for; nullopt: the call is answered.
std::optional<io::list_query> query_of_list(const http_call& call, uint32_t limit_default,
                                            uint32_t limit_max) {
  const auto target = call.exchange.target();
  io::list_query q;
  q.tenant = call.owner.tenant;
  q.after = core::query_of(target, "after").value_or("");
  q.purpose = core::query_of(target, "purpose").value_or("");
  q.oldest_first = core::query_of(target, "order") == "asc";
  q.limit = limit_default;
  if (const auto text = core::query_of(target, "limit")) {
    const auto end = text->data() + text->size();
    const auto read = std::from_chars(text->data(), end, q.limit);
    if (read.ec != std::errc{} || read.ptr != end || q.limit < 1 || q.limit > limit_max) {
      call.fail(
        core::bad_call("limit is a number from 1 to " + std::to_string(limit_max), "limit"));
      return std::nullopt;
    }
  }
  return q;
}

/// Answers with a list. One more item than asked for says that there are more.
template <class T, class Text>
void answer_list(const http_call& call, result<std::vector<T>> all, uint32_t limit, Text text) {
  if (!all)
    return all.error().code == errc::not_found
             ? call.fail(core::bad_call(all.error().context, "after"))
             : call.fail(all.error());
  const bool more = all->size() > limit;
  if (more)
    all->resize(limit);
  std::vector<std::string> items, ids;
  for (auto& one : *all) {
    items.push_back(text(one));
    ids.push_back(one.id);
  }
  call.answer(core::openai_list(items, ids, more));
}

/// The file of this id; nullopt: the call is answered.
std::optional<core::api_file> need_file(const http_front& front, const http_call& call,
                                        const std::string& id) {
  auto found = front.files()->find_file(id, call.owner.tenant);
  if (!found) {
    call.fail(found.error());
    return std::nullopt;
  }
  if (!*found || ((*found)->expires > 0 && (*found)->expires <= io::wall_now())) {
    call.fail(core::not_there("File object", id));
    return std::nullopt;
  }
  return **found;
}

std::optional<core::api_batch> need_batch(const http_front& front, const http_call& call,
                                          const std::string& id) {
  auto found = front.files()->find_batch(id, call.owner.tenant);
  if (!found) {
    call.fail(found.error());
    return std::nullopt;
  }
  if (!*found) {
    call.fail(core::not_there("batch", id));
    return std::nullopt;
  }
  return **found;
}

/// Sends a file piece by piece, the next one when the last one has reached the client.
struct file_stream : std::enable_shared_from_this<file_stream> {
  io::http_exchange exchange;
  std::ifstream file;

  void next() {
    std::string bytes(chunk_bytes, '\0');
    file.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    bytes.resize(static_cast<size_t>(file.gcount()));
    if (bytes.empty())
      return exchange.end();
    exchange.write(std::move(bytes), [self = shared_from_this()](bool alive) {
      if (alive)
        self->next();
    });
  }
};

} // namespace

void list_files(const http_front& front, http_call call) {
  auto q = query_of_list(call, 10'000, 10'000);
  if (!q)
    return;
  const auto limit = q->limit++;
  answer_list(call, front.files()->list_files(*q), limit, core::file_text);
}

void show_file(const http_front& front, http_call call, const std::string& id) {
  if (const auto file = need_file(front, call, id))
    call.answer(core::file_text(*file));
}

void file_content(const http_front& front, http_call call, const std::string& id) {
  const auto found = need_file(front, call, id);
  if (!found)
    return;
  auto stream = std::make_shared<file_stream>();
  stream->file.open(front.files()->path_of(id), std::ios::binary);
  if (!stream->file)
    return call.fail({errc::io_error, "the content of this file cannot be read"});
  stream->exchange = call.exchange;
  io::http_reply head;
  head.content_type = "application/octet-stream";
  head.headers = call.headers();
  call.exchange.begin(std::move(head));
  stream->next();
}

void delete_file(const http_front& front, http_call call, const std::string& id) {
  const auto gone = front.files()->remove_file(id, call.owner.tenant);
  if (!gone)
    return call.fail(gone.error());
  if (!*gone)
    return call.fail(core::not_there("File object", id));
  call.answer(core::json_text(
    boost::json::object{{"id", core::json_string(id)}, {"object", "file"}, {"deleted", true}}));
}

void create_batch(const http_front& front, http_call call) {
  auto read = core::read_batch_form(call.exchange.body());
  if (auto* bad = std::get_if<core::api_failure>(&read))
    return call.fail(*bad);
  auto& form = std::get<core::batch_form>(read);
  const auto file = front.files()->find_file(form.input_file, call.owner.tenant);
  if (!file)
    return call.fail(file.error());
  if (!*file)
    return call.fail(core::bad_call("there is no file " + form.input_file, "input_file_id"));
  core::api_batch b;
  b.id = front.files()->new_id("batch_");
  b.tenant = call.owner.tenant;
  b.endpoint = std::move(form.endpoint);
  b.input_file = std::move(form.input_file);
  b.window = std::move(form.window);
  b.metadata = std::move(form.metadata);
  b.created = io::wall_now();
  b.expires = b.created + std::chrono::duration_cast<std::chrono::seconds>(form.deadline).count();
  if (const auto kept = front.files()->put_batch(b); !kept)
    return call.fail(kept.error());
  caf::anon_send(front.keeper(), atom::open_v, b.id, b.tenant);
  call.answer(core::batch_text(b));
}

void list_batches(const http_front& front, http_call call) {
  auto q = query_of_list(call, 20, 100);
  if (!q)
    return;
  const auto limit = q->limit++;
  answer_list(call, front.files()->list_batches(*q), limit, core::batch_text);
}

void show_batch(const http_front& front, http_call call, const std::string& id) {
  auto found = need_batch(front, call, id);
  if (!found)
    return;
  if (core::has_ended(found->state) || found->job == 0)
    return call.answer(core::batch_text(*found));
  front.system().spawn([call = std::move(call), engine = front.engine(),
                        b = std::move(*found)](caf::event_based_actor* self) mutable {
    self->request(engine, info_within, atom::info_v, b.job)
      .then(
        [call, b](const job_info& info) mutable {
          b.completed = info.progress.completed;
          b.failed = info.progress.failed + info.progress.cancelled + info.progress.expired;
          call.answer(core::batch_text(b));
        },
        [call, b](const caf::error&) { call.answer(core::batch_text(b)); });
  });
}

void cancel_batch(const http_front& front, http_call call, const std::string& id) {
  auto b = need_batch(front, call, id);
  if (!b)
    return;
  if (core::has_ended(b->state))
    return call.fail(
      {409,
       "Cannot cancel a batch with status '" + std::string{to_string(b->state)} + "'",
       "conflict",
       {},
       {}});
  caf::anon_send(front.keeper(), atom::cancel_v, b->id, b->tenant);
  b->cancelling = b->cancelling > 0 ? b->cancelling : io::wall_now();
  b->state = core::batch_state::cancelling;
  call.answer(core::batch_text(*b));
}

} // namespace penstock::actors
