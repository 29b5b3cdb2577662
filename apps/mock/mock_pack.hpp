#pragma once

#include "apps/mock/mock_answers.hpp"
#include "apps/mock/mock_random.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace penstock::mock {

/// One answer of a packed reply, as it will be written.
struct packed_answer {
  std::string id;
  std::string check;
  std::string answer; ///< JSON: a string, or what the schema of the entries asks for.
};

/// The answers to the entries of `call.pack`. Each is equal to the answer to the entry alone, with
/// the same system text.
std::vector<packed_answer> answer_pack(const mock_call& call, const output_model& length,
                                       const token_error& error, uint64_t seed);

/// {"answers":[{"id":..,"check":..,"answer":..}, ...]}
std::string write_pack(const std::vector<packed_answer>& answers);

/// Damages a packed reply by the fault `name`: pack_missing (as many as `argument`),
/// pack_repeat, pack_extra, pack_swap (ids exchanged, their checks stay), pack_order (reversed: not
/// wrong), and pack_malformed (torn, fence, prose, type, empty). @returns the text of the reply.
std::string garble_pack(std::vector<packed_answer> answers, std::string_view name,
                        std::string_view argument, mock_random& r);

} // namespace penstock::mock
