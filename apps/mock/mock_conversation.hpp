#pragma once

#include "apps/mock/mock_random.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace penstock::mock {

/// What people and models said in a request, whatever the shape of its JSON: from the same
/// conversation every protocol makes the same answer. Counts words only, so that it does not matter
/// whether a protocol keeps texts apart, joins them with line breaks, or has another place for the
/// system's. Calls of tools and their results are no words.
class conversation {
public:
  enum class role : char { system = 's', user = 'u', assistant = 'a' };

  /// One text of a message.
  void say(role who, std::string_view text);
  /// An image or a document: its data in base64, or its address.
  void attach(std::string_view data);

  /// The words as a number.
  uint64_t hash() const { return mix(system_.hash + mix(rest_.hash + mix(attachments_))); }
  /// The first 64 code points of what the user said last, with single spaces.
  const std::string& last_text() const { return text_; }
  /// The same system's words, and nothing said yet.
  conversation beginning() const;

private:
  struct words {
    uint64_t hash = 0xcbf29ce484222325ull;
    bool gap = true; ///< Something white came last, or nothing yet.
    void add(std::string_view text);
  };
  words system_, rest_;
  uint64_t attachments_ = 0;
  role last_ = role::assistant;
  std::string text_;
};

} // namespace penstock::mock
