#include "actors/http/http_front.hpp"

#include "core/api/job_form.hpp"
#include "core/io/file/wall_clock.hpp"
#include "core/jsonl/jsonl.hpp"
#include "core/view/cluster_views.hpp"
#include "messages/errors.hpp"

#include <caf/all.hpp>

#include <algorithm>

namespace penstock::actors {

namespace {

constexpr duration answer_within = std::chrono::minutes{2};
constexpr uint32_t page_outcomes = 256;
constexpr duration follow_wait = std::chrono::seconds{15};
constexpr uint32_t list_default = 100, list_max = 1000;

/// An actor for one call: it asks the engine, answers, and ends with its last question.
struct call_state {
  http_call call;
  engine_actor engine;
  uint64_t job = 0;
  uint64_t from = 0;
  bool follow = false;
  bool only_failed = false;
  bool begun = false;
  std::vector<std::string> lines;
};
using call_actor = caf::stateful_actor<call_state>;

/// The lines of a page, without their line breaks.
std::vector<std::string> lines_of(const results_page& page) {
  std::vector<std::string> out;
  for (auto& item : page.items) {
    auto line = item.line ? *item.line : core::output_line(*item.outcome);
    while (line.ends_with('\n'))
      line.pop_back();
    out.push_back(std::move(line));
  }
  return out;
}

/// Runs `body` in an actor of its own.
template <class F>
void run_call(const http_front& front, http_call call, F body) {
  front.system().spawn(
    [call = std::move(call), engine = front.engine(), body = std::move(body)](call_actor* self) {
      self->state.call = call;
      self->state.engine = engine;
      body(self);
    });
}

/// What happens if the engine answers with an error.
auto failing(call_actor* self) {
  return [self](const caf::error& why) {
    auto e = from_caf(why);
    if (e.code == errc::not_found)
      self->state.call.fail(core::not_there("job", std::to_string(self->state.job)));
    else
      self->state.call.fail(e);
    self->quit();
  };
}

/// Asks for a job of the caller's tenant, and goes on with it.
template <class F>
void with_job(call_actor* self, uint64_t job, F then) {
  self->state.job = job;
  self->request(self->state.engine, answer_within, atom::info_v, job)
    .then(
      [self, then = std::move(then)](const job_info& info) {
        auto& call = self->state.call;
        const auto& owner = call.owner;
        if (info.tenant != owner.tenant && !owner.allows(core::api_scope::admin)) {
          call.fail(core::not_there("job", std::to_string(info.id)));
          return self->quit();
        }
        then(info);
      },
      failing(self));
}

void answer_job(call_actor* self, uint64_t job, int status) {
  with_job(self, job, [self, job, status](const job_info& info) {
    std::string headers;
    if (status == 202 || status == 201)
      io::add_header(headers, "location", "/penstock/v1/jobs/" + std::to_string(job));
    self->state.call.answer(core::job_text(info, io::wall_now_ms()), status, std::move(headers));
  });
}

/// Reads all results of an ended job, and answers with the job and them.
void answer_with_results(call_actor* self, uint64_t job) {
  results_query query;
  query.job = job;
  query.from = self->state.from;
  query.count_max = page_outcomes;
  self->request(self->state.engine, answer_within, atom::results_v, query)
    .then(
      [self, job](const results_page& page) {
        auto& st = self->state;
        for (auto& line : lines_of(page))
          st.lines.push_back(std::move(line));
        st.from = page.from + page.items.size();
        if (!page.end && !page.items.empty())
          return answer_with_results(self, job);
        with_job(self, job, [self](const job_info& info) {
          self->state.call.answer(core::job_text(info, io::wall_now_ms(), self->state.lines));
        });
      },
      failing(self));
}

/// Waits for the end of a job, at most for `wait`; then answers.
void answer_after(call_actor* self, uint64_t job, duration wait, bool with_results,
                  int status_before_end) {
  self->request(self->state.engine, wait, atom::wait_v, job)
    .then(
      [=](const job_progress&) {
        with_results ? answer_with_results(self, job) : answer_job(self, job, 200);
      },
      [=](const caf::error& why) {
        if (why == caf::sec::request_timeout)
          answer_job(self, job, status_before_end);
        else
          failing(self)(why);
      });
}

/// Streams the results from `from` on as JSONL.
void stream_results(call_actor* self) {
  auto& st = self->state;
  results_query query;
  query.job = st.job;
  query.from = st.from;
  query.count_max = page_outcomes;
  query.wait = st.follow ? follow_wait : duration{};
  self->request(st.engine, caf::infinite, atom::results_v, query)
    .then(
      [self](const results_page& page) {
        auto& st = self->state;
        std::string text;
        for (auto& line : lines_of(page)) {
          if (st.only_failed) {
            const auto record = core::parse_output_line(line);
            if (record && record->state == core::outcome_state::completed)
              continue;
          }
          text += line + '\n';
        }
        st.from = page.from + page.items.size();
        const bool last = page.end || (page.items.empty() && !st.follow);
        if (!std::exchange(st.begun, true)) {
          io::http_reply head;
          head.content_type = "application/jsonl";
          head.headers = st.call.headers();
          st.call.exchange.begin(std::move(head));
        }
        const auto me = caf::actor_cast<caf::actor>(self);
        if (last) {
          if (!text.empty())
            st.call.exchange.write(std::move(text));
          st.call.exchange.end();
          self->quit();
        } else if (text.empty()) {
          self->send(self, atom::wake_v, true);
        } else {
          // The next page is read when this one has reached the client.
          st.call.exchange.write(std::move(text),
                                 [me](bool alive) { caf::anon_send(me, atom::wake_v, alive); });
        }
      },
      [self](const caf::error& why) {
        if (!self->state.begun)
          failing(self)(why);
        else
          self->state.call.exchange.end();
        self->quit();
      });
}

} // namespace

void create_job(const http_front& front, http_call call) {
  run_call(front, std::move(call), [defaults = front.options().defaults](call_actor* self) {
    auto& call = self->state.call;
    const auto& e = call.exchange;
    auto options = defaults;
    options.tenant = call.owner.tenant;
    auto read = core::read_job_form(options, e.header("content-type"), e.body(), e.target());
    if (auto* bad = std::get_if<core::api_failure>(&read))
      return call.fail(*bad);
    auto& form = std::get<core::job_form>(read);
    submission what;
    what.options = std::move(form.options);
    what.name = std::move(form.name);
    what.idempotency_key = e.header("idempotency-key");
    const auto total = form.requests.size();
    for (auto& r : form.requests)
      what.requests.push_back(make_shared_value(std::move(r)));
    const auto wait =
      core::read_wait(core::query_of(e.target(), "wait").value_or(""), e.header("prefer"));
    self->request(self->state.engine, caf::infinite, atom::submit_v, std::move(what))
      .then(
        [self, wait, total](const job_ticket& ticket) {
          if (ticket.existed && ticket.accepted != total)
            return self->state.call.fail({422,
                                          "this idempotency-key belongs to job " +
                                            std::to_string(ticket.job) + " with another body",
                                          "idempotency_key_reused",
                                          {},
                                          {}});
          if (wait)
            answer_after(self, ticket.job, *wait, true, 202);
          else
            answer_job(self, ticket.job, 202);
        },
        failing(self));
  });
}

void list_jobs(const http_front& front, http_call call) {
  run_call(front, std::move(call), [](call_actor* self) {
    auto& call = self->state.call;
    const auto target = call.exchange.target();
    const auto number = [&](std::string_view name, uint64_t otherwise) -> std::optional<uint64_t> {
      const auto text = core::query_of(target, name);
      if (!text)
        return otherwise;
      char* end = nullptr;
      const auto n = std::strtoull(text->c_str(), &end, 10);
      return text->empty() || *end != '\0' ? std::nullopt : std::optional<uint64_t>{n};
    };
    const auto limit = number("limit", list_default);
    const auto after = number("after", 0);
    if (!limit || *limit < 1 || *limit > list_max)
      return call.fail(core::bad_call("limit is a number from 1 to 1000", "limit"));
    if (!after)
      return call.fail(core::bad_call("after is a next_cursor of an earlier page", "after"));
    job_filter filter;
    filter.tenant = call.owner.allows(core::api_scope::admin)
                      ? core::query_of(target, "tenant").value_or("")
                      : call.owner.tenant;
    filter.active_only = core::query_of(target, "state") == "active";
    filter.before = *after;
    filter.count_max = static_cast<uint32_t>(*limit);
    self->request(self->state.engine, answer_within, atom::jobs_v, filter)
      .then(
        [self, limit = *limit](const std::vector<job_info>& jobs) {
          const auto next = jobs.size() == limit ? std::to_string(jobs.back().id) : std::string{};
          std::string headers;
          if (!next.empty())
            io::add_header(headers, "link",
                           "</penstock/v1/jobs?after=" + next + "&limit=" + std::to_string(limit) +
                             ">; rel=\"next\"");
          self->state.call.answer(core::job_list_text(jobs, io::wall_now_ms(), next), 200,
                                  std::move(headers));
        },
        failing(self));
  });
}

void show_job(const http_front& front, http_call call, uint64_t job) {
  run_call(front, std::move(call), [job](call_actor* self) {
    const auto& e = self->state.call.exchange;
    const auto wait =
      core::read_wait(core::query_of(e.target(), "wait").value_or(""), e.header("prefer"));
    if (!wait)
      return answer_job(self, job, 200);
    with_job(self, job, [=](const job_info&) { answer_after(self, job, *wait, false, 200); });
  });
}

void job_results(const http_front& front, http_call call, uint64_t job) {
  run_call(front, std::move(call), [job](call_actor* self) {
    self->set_default_handler(caf::drop);
    auto& st = self->state;
    const auto target = st.call.exchange.target();
    const auto from = core::query_of(target, "from").value_or("0");
    char* end = nullptr;
    st.from = std::strtoull(from.c_str(), &end, 10);
    if (from.empty() || *end != '\0')
      return st.call.fail(core::bad_call("from is the number of the first result, from 0", "from"));
    const auto follow = core::query_of(target, "follow");
    st.follow = follow && *follow != "false" && *follow != "0";
    st.only_failed = core::query_of(target, "state") == "failed";
    self->become([self](atom::wake, bool alive) {
      if (alive)
        stream_results(self);
      else
        self->quit(); // The client has left.
    });
    with_job(self, job, [self](const job_info&) { stream_results(self); });
  });
}

void job_request(const http_front& front, http_call call, uint64_t job, uint64_t index) {
  run_call(front, std::move(call), [job, index](call_actor* self) {
    with_job(self, job, [self, job, index](const job_info& info) {
      if (index >= info.requests)
        return self->state.call.fail(core::not_there("request", std::to_string(index)));
      results_query query;
      query.job = job;
      query.from = index;
      query.count_max = 1;
      self->request(self->state.engine, answer_within, atom::results_v, query)
        .then(
          [self, index](const results_page& page) {
            const auto lines = lines_of(page);
            if (lines.empty() || page.from != index)
              return self->state.call.fail(
                {404, "This request has no result yet", "not_ready", {}, {}});
            self->state.call.answer(lines.front());
          },
          failing(self));
    });
  });
}

void cancel_job(const http_front& front, http_call call, uint64_t job) {
  run_call(front, std::move(call), [job](call_actor* self) {
    with_job(self, job, [self, job](const job_info&) {
      self->request(self->state.engine, answer_within, atom::cancel_v, job)
        .then([self, job](bool) { answer_job(self, job, 200); }, failing(self));
    });
  });
}

void retry_job(const http_front& front, http_call call, uint64_t job) {
  run_call(front, std::move(call), [job](call_actor* self) {
    with_job(self, job, [self, job](const job_info&) {
      self->request(self->state.engine, answer_within, atom::retry_v, job)
        .then([self, job](uint64_t) { answer_job(self, job, 200); }, failing(self));
    });
  });
}

void show_table(const http_front& front, http_call call, core::api_call what) {
  run_call(front, std::move(call), [what](call_actor* self) {
    const auto& engine = self->state.engine;
    if (what == core::api_call::lanes) {
      self->request(engine, answer_within, atom::lanes_v)
        .then(
          [self](const std::vector<lane_info>& all) {
            self->state.call.answer(core::lanes_json(all));
          },
          failing(self));
    } else if (what == core::api_call::nodes) {
      self->request(engine, answer_within, atom::nodes_v)
        .then(
          [self](const std::vector<node_info>& all) {
            self->state.call.answer(core::nodes_json(all));
          },
          failing(self));
    } else {
      self->request(engine, answer_within, atom::tenants_v)
        .then(
          [self](std::vector<tenant_counts>& all) {
            const auto& owner = self->state.call.owner;
            if (!owner.allows(core::api_scope::admin))
              std::erase_if(all, [&](auto& t) { return t.tenant != owner.tenant; });
            self->state.call.answer(core::tenants_json(all));
          },
          failing(self));
    }
  });
}

} // namespace penstock::actors
