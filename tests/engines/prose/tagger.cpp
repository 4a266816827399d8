// The tagger against tags that a person gave, by the conventions of the Penn Treebank. Where it disagrees is known, and
// told in the gate's page; a disagreement that is new, or gone, is a failure.
#include "engines/prose/tagger.h"

#include <doctest/doctest.h>

using namespace chiron::prose;

namespace {

// Words with their tags.
constexpr const char* kSentences[] = {
    "The/DT server/NN sends/VBZ a/DT response/NN ./.",
    "You/PRP can/MD configure/VB the/DT default/JJ timeout/NN ./.",
    "To/TO install/VB the/DT package/NN ,/, run/VB the/DT script/NN ./.",
    "The/DT files/NNS were/VBD deleted/VBN by/IN the/DT user/NN ./.",
    "It/PRP has/VBZ been/VBN written/VBN in/IN Python/NNP ./.",
    "She/PRP quickly/RB opened/VBD the/DT new/JJ file/NN ./.",
    "We/PRP recommend/VBP that/IN you/PRP use/VBP the/DT latest/JJS version/NN ./.",
    "There/EX are/VBP three/CD ways/NNS to/TO do/VB this/DT ./.",
    "The/DT user/NN 's/POS settings/NNS are/VBP stored/VBN here/RB ./.",
    "It/PRP 's/VBZ a/DT simple/JJ test/NN ./.",
    "They/PRP do/VBP n't/RB understand/VB why/WRB it/PRP failed/VBD ./.",
    "Who/WP wrote/VBD the/DT documentation/NN ?/.",
    "The/DT process/NN that/WDT started/VBD first/RB wins/VBZ ./.",
    "A/DT running/VBG process/NN uses/VBZ memory/NN ./.",
    "Deleting/VBG old/JJ data/NNS frees/VBZ space/NN ./.",
    "This/DT page/NN describes/VBZ how/WRB to/TO build/VB the/DT project/NN from/IN source/NN ./.",
    "The/DT build/NN takes/VBZ ten/CD minutes/NNS ./.",
    "Click/VB the/DT button/NN and/CC wait/VB ./.",
    "All/PDT the/DT tests/NNS passed/VBD ./.",
    "Its/PRP$ value/NN must/MD not/RB be/VB empty/JJ ./.",
    "If/IN the/DT check/NN fails/VBZ ,/, the/DT gate/NN reports/VBZ an/DT error/NN ./.",
    "These/DT reports/NNS show/VBP every/DT change/NN ./.",
    "The/DT faster/JJR engine/NN was/VBD released/VBN in/IN March/NNP ./.",
    "You/PRP will/MD need/VB more/JJR memory/NN than/IN before/RB ./.",
    "Errors/NNS like/IN this/DT one/NN are/VBP rare/JJ ./.",
    "The/DT command/NN returns/VBZ nothing/NN ./.",
    "Both/DT options/NNS work/VBP ./.",
    "I/PRP am/VBP going/VBG to/TO the/DT office/NN ./.",
    "The/DT well/RB known/VBN problem/NN remains/VBZ ./.",
    "Let/VB us/PRP know/VB ./.",
};

// The word, the person's tag, ours.
constexpr const char* kKnown =
    "first RB JJ: The process that started first wins.\n"
    "wins VBZ NNS: The process that started first wins.\n"
    "data NNS NN: Deleting old data frees space.\n"
    "frees VBZ NNS: Deleting old data frees space.\n"
    "fails VBZ NNS: If the check fails, the gate reports an error.\n"
    "before RB IN: You will need more memory than before.\n"
    "one NN CD: Errors like this one are rare.\n"
    "rare JJ NN: Errors like this one are rare.\n"
    "remains VBZ NNS: The well known problem remains.\n";

}  // namespace

TEST_CASE("tags of sentences, and where they differ from a person's") {
  const Tagger tagger;
  std::size_t words = 0;
  std::string differences;
  for (const std::string_view tagged : kSentences) {
    std::vector<std::pair<std::string, std::string>> expected;
    std::string sentence;
    for (std::size_t at = 0; at < tagged.size();) {
      const auto space = std::min(tagged.find(' ', at), tagged.size());
      const auto token = tagged.substr(at, space - at);
      const auto slash = token.rfind('/');
      expected.emplace_back(token.substr(0, slash), token.substr(slash + 1));
      const auto& word = expected.back().first;
      const bool joins = word[0] == '\'' || word == "n't" || word == "." || word == "," || word == "?";
      sentence += (sentence.empty() || joins ? "" : " ") + word;
      at = space + 1;
    }
    const auto tokens = tagger.tag(sentence);
    INFO(sentence);
    REQUIRE(tokens.size() == expected.size());
    for (std::size_t i = 0; i < tokens.size(); ++i) {
      ++words;
      CHECK(sentence.substr(tokens[i].begin, tokens[i].end - tokens[i].begin) == expected[i].first);
      if (tokens[i].tag == expected[i].second) continue;
      differences +=
          expected[i].first + " " + expected[i].second + " " + std::string(tokens[i].tag) + ": " + sentence + "\n";
    }
  }
  CHECK(words > 200);
  CHECK(differences == kKnown);
}
