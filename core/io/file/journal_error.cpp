#include "core/io/file/journal_error.hpp"

namespace penstock::io {

database_words journal_words(const std::string& path) {
  return {"the journal " + path, "; pass --restart to begin anew, which throws away the output",
          "; free some space and start the same command again",
          "; look after the disk and start the same command again"};
}

error newer_journal(const std::string& path, int version, int known) {
  return {errc::incompatible, path + " was made by a newer penstock (format " +
                                std::to_string(version) + ", this one knows " +
                                std::to_string(known) +
                                "); go on with that program, or choose another -o"};
}

} // namespace penstock::io
