// Spellers: Hunspell dictionaries, loaded once each and shared by the rules that name them.
#pragma once
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "foundation/base/result.h"

namespace chiron::prose {

// One or several dictionaries: a word that one of them knows is right.
class Speller {
 public:
  Speller();
  ~Speller();
  [[nodiscard]] Result<void> add(const std::string& aff, const std::string& dic);
  void add_word(const std::string& word);
  // Safe from several threads.
  [[nodiscard]] bool knows(const std::string& word) const;
  [[nodiscard]] std::vector<std::string> suggest(const std::string& word) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

class Spellers {
 public:
  Spellers();
  ~Spellers();
  // The speller for these dictionary files; `words` are further right ones. Loaded at the first question asked of it.
  [[nodiscard]] Result<std::shared_ptr<Speller>> get(
      const std::vector<std::pair<std::string, std::string>>& dictionaries, const std::vector<std::string>& words);
};

}  // namespace chiron::prose
