// P1 with NP.hh (github.com/simoncblyth/np), which is not part of this project: build with -I of a checkout.
#include "measure.hpp"
#include "NP.hh"

int main(int, char** argv)
{
    return measure([&] { return NP::Load(argv[1]); },
                   [](NP* a) { return sample(a->cvalues<float>(), static_cast<std::size_t>(a->num_values())); });
}
