#include "apps/penstock/serve/http_service.hpp"

#include "actors/http/batch_keeper.hpp"
#include "actors/http/http_front.hpp"
#include "actors/http/live_desk.hpp"
#include "actors/supervisor/from_settings.hpp"
#include "apps/penstock/process/process_log.hpp"
#include "config/endpoint.hpp"
#include "core/io/http/http_server.hpp"
#include "core/io/store/key_store.hpp"

#include <caf/all.hpp>

#include <algorithm>
#include <thread>

namespace penstock::cli {

namespace {

/// The service reads a whole job into memory: 10^5 short requests.
constexpr uint64_t body_max = 256u << 20;

/// The names of models that the settings tell; patterns are no names.
std::vector<std::string> known_models(const config::settings& s) {
  std::vector<std::string> out;
  const auto add = [&](const std::string& name) {
    if (!name.empty() && name.find_first_of("*?") == std::string::npos &&
        std::find(out.begin(), out.end(), name) == out.end())
      out.push_back(name);
  };
  add(s.run.model);
  for (auto& route : s.routes)
    for (auto& model : route.models)
      add(model);
  for (auto& lane : s.upstream.lanes)
    for (auto& model : lane.models)
      add(model);
  return out;
}

std::string numeric(const std::string& host) { return host == "localhost" ? "127.0.0.1" : host; }

} // namespace

struct http_service::impl {
  bool tls = false;
  std::string host;
  live_desk_actor desk;
  actors::batch_keeper_actor keeper;
  std::shared_ptr<io::key_store> keys;
  std::shared_ptr<io::file_store> files;
  std::shared_ptr<actors::http_front> front;
  std::unique_ptr<io::http_server> server;
  std::thread thread;
};

http_service::http_service(std::unique_ptr<impl> i) : impl_{std::move(i)} {}

http_service::~http_service() {
  impl_->front->close();
  impl_->server->stop();
  wait();
  impl_->server.reset(); // Ends the exchanges that the desk still has.
  caf::anon_send_exit(impl_->desk, caf::exit_reason::user_shutdown);
  caf::anon_send_exit(impl_->keeper, caf::exit_reason::user_shutdown);
}

result<void> http_service::check(const config::settings& settings) {
  const auto& s = settings.serve;
  if (s.http_cert.empty() != s.http_key.empty())
    return error{
      errc::invalid_config,
      "serve.http_cert (--http-cert) and serve.http_key (--http-key) are needed both, or "
      "none of them"};
  return {};
}

result<std::unique_ptr<http_service>> http_service::start(caf::actor_system& sys,
                                                          const config::settings& settings,
                                                          const running_engine& engine) {
  const auto& s = settings.serve;
  auto i = std::make_unique<impl>();
  auto keys = io::open_key_store(s.store);
  if (!keys)
    return keys.error();
  i->keys = std::move(*keys);
  const auto at = *config::parse_endpoint(s.http);
  const auto any = i->keys->has_any();
  if (!any)
    return any.error();
  if (!*any && !config::is_loopback_host(at.host))
    return error{errc::invalid_config,
                 "serve.http (--http) " + s.http +
                   " can be reached from other machines, and there are no keys: make one with "
                   "penstock keys create --store " +
                   s.store + " --name NAME --scopes admin, or listen on 127.0.0.1"};
  auto files = io::open_file_store(s.store);
  if (!files)
    return files.error();
  i->files = std::move(*files);
  actors::live_desk_options desk;
  desk.slot_share = s.live_slots;
  desk.attempts_max = settings.run.attempts;
  desk.cache = settings.cache.mode;
  i->desk = sys.spawn(actors::live_desk, desk);
  actors::http_front_options options;
  options.version = PENSTOCK_VERSION;
  options.defaults = actors::make_job_options(settings);
  options.live_patience = s.live_patience;
  options.models = known_models(settings);
  options.announce = log_line;
  i->keeper = sys.spawn<caf::detached>(
    actors::batch_keeper, actors::batch_setup{i->files, engine.engine, options.defaults, log_line});
  i->front = std::make_shared<actors::http_front>(sys, engine.engine, i->desk, i->keeper, i->keys,
                                                  i->files, options);
  io::http_server_options http;
  http.host = numeric(at.host);
  http.port = at.port;
  http.tls_certificate = s.http_cert;
  http.tls_key = s.http_key;
  http.threads = s.http_threads;
  http.body_max = body_max;
  auto server = io::http_server::open(
    http, [front = i->front](io::http_exchange e) { front->handle(std::move(e)); },
    [front = i->front](const io::http_exchange& e) { return front->plan(e); });
  if (!server) {
    caf::anon_send_exit(i->desk, caf::exit_reason::user_shutdown);
    caf::anon_send_exit(i->keeper, caf::exit_reason::user_shutdown);
    return error{server.error().code, "serve.http (--http): " + server.error().context};
  }
  i->server = std::move(*server);
  i->tls = !s.http_cert.empty();
  i->host = at.host;
  caf::anon_send(engine.engine, atom::attach_v, i->desk);
  i->thread = std::thread{[server = i->server.get()] { server->run(); }};
  return std::unique_ptr<http_service>{new http_service{std::move(i)}};
}

std::string http_service::address() const {
  return (impl_->tls ? "https://" : "http://") +
         config::to_string({impl_->host, impl_->server->port()});
}

bool http_service::is_open_to_all() const {
  const auto any = impl_->keys->has_any();
  return any && !*any;
}

void http_service::wait() {
  if (impl_->thread.joinable())
    impl_->thread.join();
}

void http_service::drain(duration grace) {
  impl_->front->close();
  impl_->server->drain(grace);
}

} // namespace penstock::cli
