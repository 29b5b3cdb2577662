#pragma once

#include "core/api/api_error.hpp"
#include "core/api/api_key.hpp"

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace penstock::core {

/// What a call asks for.
enum class api_call : uint8_t {
  alive,
  ready,
  describe, ///< openapi.json
  live,     ///< A request that is answered while the caller waits.
  models,
  model,
  create_job,
  list_jobs,
  job,
  job_results,
  job_request,
  cancel_job,
  retry_job,
  create_file,
  list_files,
  file,
  file_content,
  delete_file,
  create_batch,
  list_batches,
  batch,
  cancel_batch,
  create_key,
  list_keys,
  revoke_key,
  queues,
  lanes,
  nodes,
  tenants,
};

/// One row of the table of routes.
struct api_route {
  std::string_view method;
  std::string_view path; ///< "{...}" stands for one segment, "{...*}" for all that is left.
  api_call call;
  std::optional<api_scope> scope; ///< Unset: open to everybody.
  std::string_view summary;
};

/// The routes, in the order in which they are tried.
std::span<const api_route> api_routes() noexcept;

/// A call found in the table.
struct route_match {
  const api_route* route = nullptr; ///< Null: there is no such route.
  std::vector<std::string> params;  ///< What stood at the place of each "{...}", decoded.
  std::string allowed;              ///< If only the method is wrong: the right ones, "GET, POST".
};

/// Finds the route of a call. @param target Path and query; a slash at the end of the path changes
/// nothing.
route_match find_route(std::string_view method, std::string_view target);

/// The path of `target`, without its query and without slashes at its end.
std::string_view path_of(std::string_view target) noexcept;
/// The value of a query parameter, decoded; nullopt if it is absent.
std::optional<std::string> query_of(std::string_view target, std::string_view name);

/// The description of all routes as OpenAPI 3.1. @param version Of the program.
std::string openapi_text(std::string_view version);

} // namespace penstock::core
