#pragma once

#include "actors/http/batch_keeper.hpp"
#include "actors/http/http_answers.hpp"
#include "core/api/api_route.hpp"
#include "core/base/defaults.hpp"
#include "core/io/store/key_store.hpp"
#include "messages/interfaces.hpp"

#include <caf/fwd.hpp>

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace penstock::actors {

class http_upload; // actors/http/http_upload.hpp

/// What the service needs to know.
struct http_front_options {
  std::string version;  ///< Of the program.
  job_options defaults; ///< Options of a job that names none.
  duration live_patience = core::defaults::live_patience;
  std::vector<std::string> models; ///< Names that the routes serve, for `/v1/models`.
  std::function<void(std::string)> announce;
};

/// The service over HTTP: gets the calls from the threads of an `io::http_server`, checks key and
/// scope, and asks the engine and the live desk. A call about something of another tenant gets the
/// same answer as one about something that does not exist. Thread-safe.
class http_front : public std::enable_shared_from_this<http_front> {
public:
  /// @param keys The keys of this service. As long as it has none, every caller is the admin of the
  /// tenant "default", and the listener must be on a loopback address.
  http_front(caf::actor_system& sys, engine_actor engine, live_desk_actor desk,
             batch_keeper_actor keeper, std::shared_ptr<io::key_store> keys,
             std::shared_ptr<io::file_store> files, http_front_options options);

  /// For `io::http_server::open`.
  void handle(io::http_exchange exchange);
  io::http_body_plan plan(const io::http_exchange& exchange);
  /// `/readyz` says from now on that no requests are taken.
  void close() { open_ = false; }

  // For the files of this room.
  caf::actor_system& system() const { return sys_; }
  const engine_actor& engine() const { return engine_; }
  const http_front_options& options() const { return options_; }
  const batch_keeper_actor& keeper() const { return keeper_; }
  const std::shared_ptr<io::file_store>& files() const { return files_; }

private:
  std::optional<std::pair<http_call, core::route_match>> receive(io::http_exchange exchange) const;
  bool identify(http_call& call, std::optional<core::api_scope> needed) const;
  void dispatch(http_call call, core::route_match match);
  void live(const http_call& call);
  void models(const http_call& call, const std::string& wanted) const;
  void create_key(const http_call& call) const;
  void list_keys(const http_call& call) const;
  void revoke_key(const http_call& call, const std::string& id) const;

  caf::actor_system& sys_;
  engine_actor engine_;
  live_desk_actor desk_;
  batch_keeper_actor keeper_;
  std::shared_ptr<io::key_store> keys_;
  std::shared_ptr<io::file_store> files_;
  http_front_options options_;
  std::atomic<bool> open_{true};
  std::atomic<uint64_t> live_ids_{0};
  /// Files that are arriving, by connection. A connection has one call at a time.
  std::mutex mutex_;
  std::map<uint64_t, std::weak_ptr<http_upload>> uploads_;
};

// http_jobs.cpp: calls about jobs. Each answers its call, now or later.
void create_job(const http_front& front, http_call call);
void list_jobs(const http_front& front, http_call call);
void show_job(const http_front& front, http_call call, uint64_t job);
void job_results(const http_front& front, http_call call, uint64_t job);
void job_request(const http_front& front, http_call call, uint64_t job, uint64_t index);
void cancel_job(const http_front& front, http_call call, uint64_t job);
void retry_job(const http_front& front, http_call call, uint64_t job);
// http_files.cpp: calls about files and batches
void list_files(const http_front& front, http_call call);
void show_file(const http_front& front, http_call call, const std::string& id);
void file_content(const http_front& front, http_call call, const std::string& id);
void delete_file(const http_front& front, http_call call, const std::string& id);
void create_batch(const http_front& front, http_call call);
void list_batches(const http_front& front, http_call call);
void show_batch(const http_front& front, http_call call, const std::string& id);
void cancel_batch(const http_front& front, http_call call, const std::string& id);
/// Lanes, nodes, queues and tenants.
void show_table(const http_front& front, http_call call, core::api_call what);

} // namespace penstock::actors
