#include "actors/http/http_front.hpp"

#include "actors/http/http_upload.hpp"
#include "actors/http/live_exchange.hpp"
#include "config/endpoint.hpp"
#include "core/base/text.hpp"
#include "core/api/live_form.hpp"
#include "core/io/file/wall_clock.hpp"
#include "core/json/json_fields.hpp"
#include "core/json/json_text.hpp"
#include "core/protocol/api_path.hpp"

#include <caf/all.hpp>

#include <boost/json.hpp>

#include <algorithm>
#include <charconv>

namespace penstock::actors {

namespace {

namespace json = boost::json;

/// The key in the headers of a call: of OpenAI's form, of Anthropic's, or of Gemini's.
std::string_view key_of(const io::http_exchange& e) {
  constexpr std::string_view bearer = "bearer ";
  const auto text = e.header("authorization");
  if (text.size() > bearer.size() && std::equal(bearer.begin(), bearer.end(), text.begin(),
                                                [](char a, char b) { return a == (b | 0x20); }))
    return text.substr(bearer.size());
  for (auto name : {"x-api-key", "x-goog-api-key"})
    if (const auto value = e.header(name); !value.empty())
      return value;
  return {};
}

/// A number in a path. 0 is no id, and nobody has it.
uint64_t number_of(const std::string& text) {
  uint64_t n = 0;
  const auto end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, n);
  return read.ec == std::errc{} && read.ptr == end ? n : UINT64_MAX;
}

/// Whether a host name or an origin ("http://localhost:3000") is of this machine.
bool is_of_this_machine(std::string_view said) {
  const auto lower = core::to_lower(said);
  std::string_view text = lower;
  if (const auto at = text.find("://"); at != std::string_view::npos)
    text.remove_prefix(at + 3);
  if (const auto at = config::parse_endpoint(text))
    return config::is_loopback_host(at->host);
  if (text.starts_with('[') && text.ends_with(']'))
    text = text.substr(1, text.size() - 2);
  return config::is_loopback_host(std::string{text});
}

/// Without keys every program of this machine is trusted, but not the web pages in its browser: a
/// page of another site can send requests, and a name of another site can lead to this machine.
bool is_local_call(const io::http_exchange& e) {
  const auto origin = e.header("origin");
  return is_of_this_machine(e.header("host")) && (origin.empty() || is_of_this_machine(origin));
}

json::object key_value(const core::api_key& k) {
  const auto when = [](int64_t seconds) {
    return seconds > 0 ? json::value(seconds) : json::value(nullptr);
  };
  json::array scopes, models;
  for (auto s : k.scopes)
    scopes.push_back(core::json_string(core::to_string(s)));
  for (auto& m : k.models)
    models.push_back(core::json_string(m));
  return {{"id", core::json_string(k.id)},
          {"object", "key"},
          {"name", core::json_string(k.name)},
          {"tenant", core::json_string(k.tenant)},
          {"scopes", std::move(scopes)},
          {"models", std::move(models)},
          {"created_at", k.created},
          {"expires_at", when(k.expires)},
          {"last_used_day", when(k.used_day * 86'400)}};
}

json::object model_value(const std::string& name) {
  return {
    {"id", core::json_string(name)}, {"object", "model"}, {"created", 0}, {"owned_by", "penstock"}};
}

} // namespace

http_front::http_front(caf::actor_system& sys, engine_actor engine, live_desk_actor desk,
                       batch_keeper_actor keeper, std::shared_ptr<io::key_store> keys,
                       std::shared_ptr<io::file_store> files, http_front_options options)
    : sys_{sys}, engine_{std::move(engine)}, desk_{std::move(desk)}, keeper_{std::move(keeper)},
      keys_{std::move(keys)}, files_{std::move(files)}, options_{std::move(options)} {}

/// The call with its route, if the caller may make it. Else it is answered.
std::optional<std::pair<http_call, core::route_match>>
http_front::receive(io::http_exchange exchange) const {
  http_call call;
  const auto target = exchange.target();
  call.dialect = core::dialect_of(core::path_of(target));
  call.id = next_request_id();
  call.exchange = std::move(exchange);
  auto match = core::find_route(call.exchange.method(), target);
  if (!match.route && match.allowed.empty()) {
    call.fail(
      {404, "There is no " + std::string{core::path_of(target)} + " here", "not_found", {}, {}});
    return std::nullopt;
  }
  if (!match.route) {
    std::string allow;
    io::add_header(allow, "allow", match.allowed);
    call.fail({405, "This path takes " + match.allowed, "method_not_allowed", {}, {}}, allow);
    return std::nullopt;
  }
  if (!identify(call, match.route->scope))
    return std::nullopt;
  return std::pair{std::move(call), std::move(match)};
}

/// A file goes to the disk as it arrives, so its caller is known before its first byte.
io::http_body_plan http_front::plan(const io::http_exchange& exchange) {
  const auto match = core::find_route(exchange.method(), exchange.target());
  if (!match.route || match.route->call != core::api_call::create_file)
    return {};
  auto received = receive(exchange);
  if (!received)
    return {};
  auto upload = open_upload(files_, received->first);
  if (!upload)
    return {};
  const auto connection = exchange.connection();
  {
    const std::lock_guard lock{mutex_};
    std::erase_if(uploads_, [](const auto& one) { return one.second.expired(); });
    uploads_[connection] = upload;
  }
  exchange.on_closed([gone = std::weak_ptr{upload}] {
    if (const auto left = gone.lock())
      drop_upload(*left);
  });
  return {upload_max, body_sink_of(upload)};
}

void http_front::handle(io::http_exchange exchange) {
  std::shared_ptr<http_upload> upload;
  {
    const std::lock_guard lock{mutex_};
    if (const auto found = uploads_.extract(exchange.connection()))
      upload = found.mapped().lock();
  }
  if (upload)
    return finish_upload(*upload);
  if (auto received = receive(std::move(exchange)))
    dispatch(std::move(received->first), std::move(received->second));
}

/// Finds out who calls. @returns false if the call is answered: it is not allowed.
bool http_front::identify(http_call& call, std::optional<core::api_scope> needed) const {
  if (!needed)
    return true;
  const auto any = keys_->has_any();
  if (!any) {
    call.fail(any.error());
    return false;
  }
  if (!*any && !is_local_call(call.exchange)) {
    call.fail({403,
               "Without keys only programs of this machine may call: use the address 127.0.0.1, or "
               "make a key with penstock keys create",
               "not_local",
               {},
               {}});
    return false;
  }
  if (!*any) {
    call.owner.tenant = "default";
    call.owner.scopes = {core::api_scope::admin};
    return true;
  }
  const auto text = key_of(call.exchange);
  auto found = keys_->find(text, io::wall_now());
  if (!found) {
    call.fail(found.error());
    return false;
  }
  if (!*found) {
    call.fail({401,
               text.empty() ? "A key is missing: send it as \"Authorization: Bearer pst_...\""
                            : "This key is not valid (unknown, revoked or expired)",
               "invalid_api_key",
               {},
               {}});
    return false;
  }
  call.owner = **found;
  if (call.owner.allows(*needed))
    return true;
  call.fail({403,
             "This key lacks the scope " + std::string{core::to_string(*needed)},
             "missing_scope",
             {},
             {}});
  return false;
}

void http_front::dispatch(http_call call, core::route_match match) {
  using core::api_call;
  const auto id = match.params.empty() ? 0 : number_of(match.params.front());
  switch (match.route->call) {
  case api_call::alive: return call.answer(R"({"status":"ok"})");
  case api_call::ready:
    return open_ ? call.answer(R"({"status":"ok"})")
                 : call.fail({503, "The service is stopping", "stopping", {}, 1});
  case api_call::describe: return call.answer(core::openapi_text(options_.version));
  case api_call::live: return live(call);
  case api_call::models: return models(call, {});
  case api_call::model: return models(call, match.params.front());
  case api_call::create_job: return actors::create_job(*this, std::move(call));
  case api_call::list_jobs: return actors::list_jobs(*this, std::move(call));
  case api_call::job: return show_job(*this, std::move(call), id);
  case api_call::job_results: return actors::job_results(*this, std::move(call), id);
  case api_call::job_request:
    return actors::job_request(*this, std::move(call), id, number_of(match.params.back()));
  case api_call::cancel_job: return actors::cancel_job(*this, std::move(call), id);
  case api_call::retry_job: return actors::retry_job(*this, std::move(call), id);
  case api_call::create_file:
    return call.fail(core::bad_call("a file comes as multipart/form-data", "file"));
  case api_call::list_files: return actors::list_files(*this, std::move(call));
  case api_call::file: return show_file(*this, std::move(call), match.params.front());
  case api_call::file_content:
    return actors::file_content(*this, std::move(call), match.params.front());
  case api_call::delete_file:
    return actors::delete_file(*this, std::move(call), match.params.front());
  case api_call::create_batch: return actors::create_batch(*this, std::move(call));
  case api_call::list_batches: return actors::list_batches(*this, std::move(call));
  case api_call::batch: return show_batch(*this, std::move(call), match.params.front());
  case api_call::cancel_batch:
    return actors::cancel_batch(*this, std::move(call), match.params.front());
  case api_call::create_key: return create_key(call);
  case api_call::list_keys: return list_keys(call);
  case api_call::revoke_key: return revoke_key(call, match.params.front());
  case api_call::queues:
  case api_call::lanes:
  case api_call::nodes:
  case api_call::tenants: return show_table(*this, std::move(call), match.route->call);
  }
}

void http_front::live(const http_call& call) {
  const auto& e = call.exchange;
  if (!core::is_known_path(core::path_of(e.target())))
    return call.fail({404,
                      "There is no " + std::string{core::path_of(e.target())} + " here",
                      "not_found",
                      {},
                      {}});
  auto read =
    core::read_live_call(e.target(), std::string{e.body()}, e.header("x-penstock-priority"));
  if (auto* bad = std::get_if<core::api_failure>(&read))
    return call.fail(*bad);
  auto& wanted = std::get<core::live_call>(read);
  if (!call.owner.allows_model(wanted.what.model))
    return call.fail({403,
                      "This key may not use the model \"" + wanted.what.model + "\"",
                      "model_not_allowed",
                      "model",
                      {}});
  live_request request;
  request.id = ++live_ids_;
  request.tenant = call.owner.tenant;
  request.priority = wanted.as;
  wanted.what.custom_id = call.id;
  wanted.what.index = request.id;
  request.streams = wanted.streams;
  request.patience = options_.live_patience;
  request.what = make_shared_value(std::move(wanted.what));
  request.waiter = std::make_shared<live_exchange>(call, wanted);
  const auto id = request.id;
  e.on_closed([desk = desk_, id] { caf::anon_send(desk, atom::cancel_v, id); });
  caf::anon_send(desk_, atom::submit_v, std::move(request));
}

void http_front::models(const http_call& call, const std::string& wanted) const {
  json::array data;
  for (auto& name : options_.models) {
    if (!call.owner.allows_model(name))
      continue;
    if (name == wanted)
      return call.answer(core::json_text(model_value(name)));
    data.push_back(model_value(name));
  }
  if (!wanted.empty())
    return call.fail(
      {404, "The model \"" + wanted + "\" does not exist", "model_not_found", "model", {}});
  call.answer(core::json_text(json::object{{"object", "list"}, {"data", std::move(data)}}));
}

void http_front::create_key(const http_call& call) const {
  boost::system::error_code ec;
  const auto body = call.exchange.body();
  const auto value = json::parse(json::string_view{body.data(), body.size()}, ec);
  const auto* o = ec ? nullptr : value.if_object();
  if (!o)
    return call.fail(core::bad_call("the body is a JSON object with name, tenant and scopes"));
  core::api_key wanted;
  wanted.name = core::text_at(*o, "name");
  wanted.tenant = core::text_at(*o, "tenant");
  if (wanted.tenant.empty())
    wanted.tenant = "default";
  if (const auto* scopes = core::array_at(*o, "scopes"))
    for (auto& one : *scopes) {
      const auto* text = one.if_string();
      const auto scope = text ? core::api_scope_from({text->data(), text->size()}) : std::nullopt;
      if (!scope)
        return call.fail(
          core::bad_call("scopes are run, read, operate, admin and metrics", "scopes"));
      wanted.scopes.push_back(*scope);
    }
  if (wanted.name.empty() || wanted.scopes.empty())
    return call.fail(core::bad_call("a key needs a name and scopes", "scopes"));
  if (const auto* models = core::array_at(*o, "models"))
    for (auto& one : *models)
      if (const auto* text = one.if_string())
        wanted.models.emplace_back(text->data(), text->size());
  if (const auto expires = core::whole_at(*o, "expires_at"))
    wanted.expires = static_cast<int64_t>(*expires);
  const auto made = keys_->create(std::move(wanted), io::wall_now());
  if (!made)
    return call.fail(made.error());
  auto shown = key_value(made->key);
  shown["key"] = core::json_string(made->text);
  call.answer(core::json_text(shown), 201);
}

void http_front::list_keys(const http_call& call) const {
  const auto all = keys_->list();
  if (!all)
    return call.fail(all.error());
  json::array data;
  for (auto& k : *all)
    data.push_back(key_value(k));
  call.answer(core::json_text(json::object{
    {"object", "list"}, {"data", std::move(data)}, {"has_more", false}, {"next_cursor", nullptr}}));
}

void http_front::revoke_key(const http_call& call, const std::string& id) const {
  const auto gone = keys_->revoke(id);
  if (!gone)
    return call.fail(gone.error());
  if (!*gone)
    return call.fail(core::not_there("key", id));
  call.answer(core::json_text(
    json::object{{"id", core::json_string(id)}, {"object", "key"}, {"deleted", true}}));
}

} // namespace penstock::actors
