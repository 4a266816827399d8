// Postage of a parcel, in cents.
#pragma once
#include <string>

namespace parcel {

struct Parcel {
  int weight_grams = 0;
  std::string country;  // ISO 3166 alpha-2
  bool insured = false;
};

// Postage in cents, or -1 where the parcel cannot be sent.
int postage_cents(const Parcel& parcel);

}  // namespace parcel
