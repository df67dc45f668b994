// A program that was written for cnpy; the line that includes it is all that was changed.
//
// It keeps the heights of a landscape in a folder, adds to them, puts several arrays into an archive,
// and reads everything back.
#include <npstow/cnpy.h>

#include <cmath>
#include <iostream>

int main(int argc, char** argv)
{
    const std::string folder = argc > 1 ? argv[1] : ".";
    const std::string file = folder + "/heights.npy", archive = folder + "/landscape.npz";
    const size_t rows = 60, columns = 80;
    std::vector<float> heights(rows * columns);
    for (size_t row = 0; row < rows; row++)
        for (size_t column = 0; column < columns; column++)
            heights[row * columns + column] = std::sin(0.1f * float(row)) * std::cos(0.2f * float(column));

    // A file of one array, then as many rows again.
    cnpy::npy_save(file, &heights[0], {rows, columns}, "w");
    cnpy::npy_save(file, &heights[0], {rows, columns}, "a");

    cnpy::NpyArray loaded = cnpy::npy_load(file);
    if (loaded.word_size != sizeof(float) || loaded.shape != std::vector<size_t>{2 * rows, columns}) return 1;
    const float* values = loaded.data<float>();
    for (size_t i = 0; i < heights.size(); i++)
        if (values[i] != heights[i] || values[i + heights.size()] != heights[i]) return 1;

    // An archive: the first array makes it, the others join it.
    const double spacing = 0.5;
    const std::vector<int> stations = {3, 14, 15, 92};
    cnpy::npz_save(archive, "heights", &heights[0], {rows, columns}, "w");
    cnpy::npz_save(archive, "spacing", &spacing, {1}, "a");
    cnpy::npz_save(archive, "stations", stations, "a");

    // One array by its name, or all of them.
    if (cnpy::npz_load(archive, "stations").as_vec<int>() != stations) return 1;
    cnpy::npz_t landscape = cnpy::npz_load(archive);
    if (landscape.size() != 3 || landscape["spacing"].data<double>()[0] != spacing) return 1;
    for (const auto& item : landscape) {
        std::cout << item.first << ": " << item.second.num_vals << " elements of " << item.second.word_size << " bytes\n";
    }
    return 0;
}
