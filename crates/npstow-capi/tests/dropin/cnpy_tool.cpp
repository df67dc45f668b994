// One call of npstow/cnpy.h on the command line, for rows.py, which knows what must come of it.
//
//   npy FILE OUT             npy_load: the bytes go to OUT
//   header FILE              parse_npy_header, from the FILE and from memory
//   member ZIP NAME OUT      npz_load of one
//   npz ZIP OUT              npz_load of all: the bytes go to OUT.0, OUT.1 …
//   footer ZIP               parse_zip_footer
//   save MODE TYPE FILE AXES             npy_save of START, START + 1 …
//   zsave MODE TYPE ZIP NAME AXES        npz_save of the same
//   zeros ZIP NAME LEN                   npz_save of so many zero bytes
//
//   each OUT FILE...         npy_load, npz_load and the parsers of each, whatever comes of it
//
// OUT may be '-': then the sum of the bytes is printed.
//
// A line for each array: its name, kind, word_size, fortran_order and shape. Exit 0; 3 for cnpy::error,
// whose status, offset and text are printed; 4 for any other exception.
#include <npstow/cnpy.h>

#include <cstdlib>
#include <fstream>
#include <iterator>

static std::vector<size_t> axes(const std::string& text)
{
    std::vector<size_t> shape;
    std::istringstream words(text);
    for (std::string word; std::getline(words, word, ',');) shape.push_back(std::strtoull(word.c_str(), nullptr, 10));
    return shape;
}

static void print(const std::string& name, char kind, size_t word, bool fortran, const std::vector<size_t>& shape)
{
    std::printf("%s\t%c\t%zu\t%d\t", name.c_str(), kind ? kind : '-', word, int(fortran));
    for (size_t axis : shape) std::printf("%zu,", axis);
    std::printf("\n");
}

static void show(const std::string& name, const cnpy::NpyArray& array, const std::string& out)
{
    size_t count = 1;
    for (size_t axis : array.shape) count *= axis;
    if (array.num_vals != count || array.num_bytes() != count * array.word_size) throw std::logic_error("sizes do not agree");
    print(name, array.kind, array.word_size, array.fortran_order, array.shape);
    if (out == "-") {
        uint64_t sum = 0;
        const unsigned char* bytes = array.data<unsigned char>();
        for (size_t at = 0; at < array.num_bytes(); at++) sum += bytes[at];
        std::printf("%llu\n", static_cast<unsigned long long>(sum));
        return;
    }
    std::ofstream(out, std::ios::binary).write(array.data<char>(), std::streamsize(array.num_bytes()));
}

static void header(const std::string& path, bool silent = false)
{
    size_t word = 0, from_memory = 0;
    std::vector<size_t> shape, same;
    bool fortran = false, also = false;
    std::FILE* file = std::fopen(path.c_str(), "rb");
    if (!file) throw std::logic_error("no file");
    std::shared_ptr<std::FILE> closed(file, std::fclose);
    cnpy::parse_npy_header(file, word, shape, fortran);
    const long offset = std::ftell(file);
    std::ifstream stream(path, std::ios::binary);
    std::vector<unsigned char> start(static_cast<size_t>(offset));
    stream.read(reinterpret_cast<char*>(start.data()), offset);
    cnpy::parse_npy_header(start.data(), from_memory, same, also);
    if (word != from_memory || shape != same || fortran != also) throw std::logic_error("two headers");
    if (!silent) print(std::to_string(offset), '\0', word, fortran, shape);
}

static void footer(const std::string& path, bool silent = false)
{
    std::FILE* file = std::fopen(path.c_str(), "rb");
    if (!file) throw std::logic_error("no file");
    std::shared_ptr<std::FILE> closed(file, std::fclose);
    uint16_t count = 0;
    size_t size = 0, offset = 0;
    cnpy::parse_zip_footer(file, count, size, offset);
    if (!silent) std::printf("%u\t%zu\t%zu\n", unsigned(count), size, offset);
}

// What comes of one reader; anything but success and cnpy::error ends the program.
template <class Work>
static bool reads(Work work)
{
    try {
        work();
    } catch (const cnpy::error& why) {
        if (!*why.what() || why.status() == NPSTOW_OK || why.status() == NPSTOW_PANIC) throw std::logic_error(why.what());
        return false;
    }
    return true;
}

// For files that are made to hurt: a line with four letters for each.
static void each(const std::vector<std::string>& words)
{
    for (size_t at = 2; at < words.size(); at++) {
        const std::string& path = words[at];
        cnpy::NpyArray array;
        std::string verdict;
        verdict += reads([&] { array = cnpy::npy_load(path); }) ? 'y' : 'n';
        verdict += reads([&] { header(path, true); }) ? 'y' : 'n';
        verdict += reads([&] { cnpy::npz_load(path); }) ? 'y' : 'n';
        verdict += reads([&] { footer(path, true); }) ? 'y' : 'n';
        if (verdict[0] == 'y') show(path, array, words.at(1) + "." + std::to_string(at - 2));
        else std::printf("%s\n", path.c_str());
        std::printf("%s\n", verdict.c_str());
    }
}

struct request {
    std::string mode, path, name;
    std::vector<size_t> shape;
};

template <class T>
static void save(const request& what)
{
    size_t len = 1;
    for (size_t axis : what.shape) len *= axis;
    std::vector<T> values(len);
    for (size_t at = 0; at < len; at++) values[at] = T(100 + at);
    if (what.name.empty()) cnpy::npy_save(what.path, values.data(), what.shape, what.mode);
    else cnpy::npz_save(what.path, what.name, values.data(), what.shape, what.mode);
}

static void save(const std::string& type, const request& what)
{
    if (type == "f4") return save<float>(what);
    if (type == "f8") return save<double>(what);
    if (type == "i4") return save<int>(what);
    if (type == "i1") return save<signed char>(what);
    if (type == "u1") return save<unsigned char>(what);
    if (type == "c16") return save<std::complex<double>>(what);
    throw std::logic_error("no type " + type);
}

static void run(const std::vector<std::string>& words)
{
    const std::string what = words.at(0), path = words.at(1);
    if (what == "each") return each(words);
    if (what == "npy") return show("-", cnpy::npy_load(path), words.at(2));
    if (what == "header") return header(path);
    if (what == "member") return show(words.at(2), cnpy::npz_load(path, words.at(2)), words.at(3));
    if (what == "footer") return footer(path);
    if (what == "save") return save(words.at(2), {path, words.at(3), "", axes(words.at(4))});
    if (what == "zsave") return save(words.at(2), {path, words.at(3), words.at(4), axes(words.at(5))});
    if (what == "zeros") {
        // Zeros of the system, which take no memory as long as nobody writes to them.
        const size_t len = std::strtoull(words.at(3).c_str(), nullptr, 10);
        std::unique_ptr<unsigned char, void (*)(void*)> zeros(static_cast<unsigned char*>(std::calloc(len, 1)), std::free);
        return cnpy::npz_save(path, words.at(2), zeros.get(), {len}, "a");
    }
    if (what == "npz") {
        const cnpy::npz_t arrays = cnpy::npz_load(path);
        size_t at = 0;
        for (const auto& item : arrays) show(item.first, item.second, words.at(2) + "." + std::to_string(at++));
        return;
    }
    throw std::logic_error("no command " + what);
}

int main(int argc, char** argv)
{
    try {
        run(std::vector<std::string>(argv + 1, argv + argc));
    } catch (const cnpy::error& why) {
        std::printf("%d\t%lld\t%s\n", int(why.status()), why.has_offset() ? static_cast<long long>(why.offset()) : -1LL, why.what());
        return 3;
    } catch (const std::exception& why) {
        std::printf("%s\n", why.what());
        return 4;
    }
    return 0;
}
