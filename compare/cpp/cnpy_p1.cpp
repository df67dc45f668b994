// P1 with cnpy (github.com/rogersce/cnpy), which is not part of this project: build with -I of a checkout.
#include "measure.hpp"
#include <cnpy.h>

int main(int, char** argv)
{
    return measure([&] { return cnpy::npy_load(argv[1]); },
                   [](cnpy::NpyArray& a) { return sample(a.data<float>(), a.num_vals); });
}
