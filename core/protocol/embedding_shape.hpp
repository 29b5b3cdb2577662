#pragma once

#include "core/base/request.hpp"
#include "core/base/verdict.hpp"

#include <boost/json.hpp>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace penstock::core {

/// The body of an embeddings request in OpenAI's shape, read for the protocols that translate it.
struct embedding_request {
  std::shared_ptr<const boost::json::value> document; ///< Owns what the views point to.
  std::string_view model;
  std::vector<std::string_view> inputs; ///< At least one.
  bool list = false;                    ///< Whether the input came as a list.
  uint64_t dimensions = 0;              ///< 0: the model's own.
  bool base64 = false;                  ///< Vectors in the answer are base64.
};

/// Reads the body of `req`.
/// @returns invalid_input that names the member; bad_request for token ids, because only models of
/// OpenAI can read them.
result<embedding_request> read_embedding_request(const request& req);

/// Reads a list of numbers. @returns an empty vector for anything else.
std::vector<float> vector_of(const boost::json::value* v);

/// The number of inputs of `req`; 0 if its body cannot be read.
size_t inputs_of(const request& req);

/// Fails `v` unless `vectors` are lists of numbers, and `wanted` many if that is above 0.
void check_vectors(const std::vector<const boost::json::value*>& vectors, size_t wanted,
                   verdict& v);

/// The answer in OpenAI's shape on one line; `usage` is left out if it is not known.
std::string write_embeddings(const embedding_request& asked,
                             const std::vector<const boost::json::value*>& vectors,
                             const usage& used);

} // namespace penstock::core
