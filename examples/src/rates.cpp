#include "rates.h"

namespace parcel {

namespace {

int zone_of(const std::string& country) {
  if (country == "DE") return 0;
  if (country == "FR" || country == "NL") return 1;
  return 2;
}

}  // namespace

int postage_cents(const Parcel& parcel) {
  if (parcel.weight_grams <= 0 || parcel.weight_grams > 31500) return -1;
  const int base[] = {499, 899, 1899};
  int cents = base[zone_of(parcel.country)];
  if (parcel.weight_grams > 2000) cents += 300;
  if (parcel.insured) cents += 250;
  return cents;
}

}  // namespace parcel
