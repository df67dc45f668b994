// Python's values in C++: dictionaries, lists, numbers, texts, arrays, as pickles hold them.
//
//     npstow::val run = npstow::load_pickle("run.pkl");              // nothing in it is ever run
//     double x = run["hits"][0]["x"];                                // checked: kind and range
//     for (auto& [key, value] : run.items()) std::cout << key << ": " << value << "\n";
//
//     npstow::val out = val::dict({{"name", "a"}, {"cuts", val::list({1, 2.5, "x"})}});
//     out["hits"] = hits;                                            // an array, a vector, a map
//     npstow::save_pickle(out, "out.pkl");
//
// A header of its own, beside npstow.hpp.
#pragma once
#include "file.hpp"
#include "val/node.hpp"
#include <complex>
#include <initializer_list>
#include <iosfwd>
#include <string_view>

namespace npstow {
inline namespace NPSTOW_ROAD {

/// What a value is.
enum class val_kind : int {
    none = 0,
    boolean = 1,
    integer = 2,
    real = 3,
    complex = 4,
    str = 5,
    bytes = 6,
    bytearray = 7,
    list = 8,
    tuple = 9,
    set = 10,
    frozenset = 11,
    dict = 12,
    array = 13,
    dtype = 14,
    scalar = 15,
    global = 16,
    object = 17,
    persistent = 18,
    extension = 19,
};

namespace detail {
struct items_node;
struct pairs_node;
class val_writer;

template <class T, class = void>
struct is_range : std::false_type {};
template <class T>
struct is_range<T, std::void_t<typename T::value_type, decltype(std::declval<const T&>().begin())>>
    : std::true_type {};
template <class T, class = void>
struct is_map : std::false_type {};
template <class T>
struct is_map<T, std::void_t<typename T::key_type, typename T::mapped_type>> : std::true_type {};
/// Sets of C++ have keys and no values for them.
template <class T, class = void>
struct is_set : std::false_type {};
template <class T>
struct is_set<T, std::void_t<typename T::key_type>>
    : std::integral_constant<bool, !is_map<T>::value> {};
template <class T>
struct is_text : std::integral_constant<bool, std::is_convertible_v<const T&, std::string_view>> {};
template <class T>
struct is_complex : std::false_type {};
template <class T>
struct is_complex<std::complex<T>> : std::true_type {};
/// Characters are no numbers.
template <class T>
constexpr bool is_character = std::is_same_v<T, char> || std::is_same_v<T, wchar_t> ||
                              std::is_same_v<T, char16_t> || std::is_same_v<T, char32_t>;
template <class T>
constexpr bool is_arithmetic = std::is_arithmetic_v<T> && !is_character<T>;
template <class T>
constexpr bool is_collection = is_range<T>::value && !is_text<T>::value;
/// Collections that items can be put into.
template <class T, class = void>
struct is_growing : std::false_type {};
template <class T>
struct is_growing<T, std::void_t<decltype(std::declval<T&>().insert(
                         std::declval<T&>().end(), std::declval<typename T::value_type>()))>>
    : std::integral_constant<bool, is_collection<T>> {};
} // namespace detail

/// A value as Python has it, with the manners of C++: a copy is apart from its original, whatever is
/// done to it; it costs nothing until then. Values of a file are read when they are looked at, and
/// what is shared there is written as shared again where it was not changed. Several threads may
/// look at a value (what is const) at the same time.
///
/// A reference that `[]`, `at` or a loop gave is for use at once: not behind a copy of the value
/// that it is in.
class val {
public:
    /// A pair of a dictionary.
    using item = std::pair<const val, val>;

    /// `None`
    val() noexcept = default;
    val(std::nullptr_t) noexcept {}
    /// A boolean, and nothing that would become one: no pointer, no character.
    template <class T, std::enable_if_t<std::is_same_v<T, bool>, int> = 0>
    val(T value) noexcept : kind_(val_kind::boolean)
    {
        word_.integer = value;
    }
    /// An integer or a float.
    template <class T,
              std::enable_if_t<detail::is_arithmetic<T> && !std::is_same_v<T, bool>, int> = 0>
    val(T value)
    {
        if constexpr (std::is_floating_point_v<T>) {
            kind_ = val_kind::real;
            word_.real = static_cast<double>(value);
        } else {
            kind_ = val_kind::integer;
            word_.integer = static_cast<std::int64_t>(value);
            if constexpr (std::is_unsigned_v<T> && sizeof(T) == 8)
                if (word_.integer < 0) *this = big_of(std::to_string(value));
        }
    }
    template <class T>
    val(std::complex<T> value);
    /// A text, in UTF-8.
    val(std::string text);
    val(std::string_view text) : val(std::string(text)) {}
    val(const char* text) : val(std::string(text)) {}
    val(npstow::array array);
    /// A vector as a list, a map as a dictionary, a set as a set.
    template <class T, std::enable_if_t<detail::is_collection<T>, int> = 0>
    val(const T& values);
    /// Takes over a handle of the C interface.
    explicit val(NpstowValue* raw);

    val(const val& other) noexcept : kind_(other.kind_), is_big_(other.is_big_), word_(other.word_)
    {
        if (node()) node()->count.fetch_add(1, std::memory_order_relaxed);
    }
    val(val&& other) noexcept : kind_(other.kind_), is_big_(other.is_big_), word_(other.word_)
    {
        other.forget();
    }
    val& operator=(val other) noexcept
    {
        std::swap(kind_, other.kind_);
        std::swap(is_big_, other.is_big_);
        std::swap(word_, other.word_);
        return *this;
    }
    ~val() { detail::let_go(node()); }

    static val list(std::initializer_list<val> items = {});
    static val tuple(std::initializer_list<val> items = {});
    static val set(std::initializer_list<val> items = {});
    static val frozenset(std::initializer_list<val> items = {});
    /// Of pairs; where a key comes again, the last value counts.
    static val dict(std::initializer_list<item> items = {});
    static val bytes(std::string bytes);
    static val bytearray(std::string bytes);
    /// An integer of any size from its decimal digits.
    static val big(const std::string& digits, on_error err NPSTOW_OR_THROW);

    val_kind kind() const noexcept { return kind_; }
    /// Python's name of what it is: "NoneType", "int", "ndarray".
    const char* kind_name() const noexcept
    {
        return npstow_value_kind_name(static_cast<NpstowValueKind>(kind_));
    }
    bool is_none() const noexcept { return kind_ == val_kind::none; }
    bool is_bool() const noexcept { return kind_ == val_kind::boolean; }
    bool is_int() const noexcept { return kind_ == val_kind::integer; }
    bool is_float() const noexcept { return kind_ == val_kind::real; }
    bool is_str() const noexcept { return kind_ == val_kind::str; }
    bool is_bytes() const noexcept { return kind_ == val_kind::bytes; }
    bool is_list() const noexcept { return kind_ == val_kind::list; }
    bool is_tuple() const noexcept { return kind_ == val_kind::tuple; }
    bool is_dict() const noexcept { return kind_ == val_kind::dict; }
    bool is_array() const noexcept { return kind_ == val_kind::array; }
    bool is_object() const noexcept { return kind_ == val_kind::object; }
    /// Whether both are the same object of a file, or copies of one value that nobody changed.
    bool is(const val& other) const noexcept;

    /// How many items or pairs there are; of a text or bytes, how many bytes. 0 for all else.
    std::size_t size(on_error err NPSTOW_OR_THROW) const;
    bool empty(on_error err NPSTOW_OR_THROW) const { return size(err) == 0; }

    /// What is at a position (from the end where it is negative), or under a key. `not_found`.
    template <class Key>
    const val& at(const Key& key, on_error err NPSTOW_OR_THROW) const
    {
        if constexpr (detail::is_arithmetic<Key> && std::is_integral_v<Key>) {
            if (!is_dict()) return at_position(static_cast<std::int64_t>(key), err);
        }
        return at_key(val(key), err);
    }
    template <class Key>
    val& at(const Key& key, on_error err NPSTOW_OR_THROW)
    {
        if constexpr (detail::is_arithmetic<Key> && std::is_integral_v<Key>) {
            if (!is_dict()) return own_position(static_cast<std::int64_t>(key), err);
        }
        return own_key(val(key), false, err);
    }
#if NPSTOW_EXCEPTIONS
    template <class Key>
    const val& operator[](const Key& key) const
    {
        return at(key);
    }
    /// To be read or set; a key that is not there yet is added, with None. None becomes a dictionary.
    template <class Key>
    val& operator[](const Key& key)
    {
        if constexpr (detail::is_arithmetic<Key> && std::is_integral_v<Key>) {
            if (!is_dict() && !is_none()) return own_position(static_cast<std::int64_t>(key), {});
        }
        return own_key(val(key), true, {});
    }
#endif
    /// What is under a key of a dictionary; null where there is nothing, or no dictionary.
    const val* find(const val& key, on_error err NPSTOW_OR_THROW) const;
    bool has(const val& key, on_error err NPSTOW_OR_THROW) const
    {
        return find(key, err) != nullptr;
    }
    /// The value under a slash path, as files have them: "weights/0", "args/1", "state/x".
    val find_path(const std::string& path, on_error err NPSTOW_OR_THROW) const;
    template <class T>
    T get_or(const val& key, T fallback, on_error err NPSTOW_OR_THROW) const
    {
        const val* found = find(key, err);
        return found ? found->get<T>(err) : fallback;
    }
    /// Sets the value under a key of a dictionary; None becomes one.
    val& set(const val& key, val value, on_error err NPSTOW_OR_THROW);
    /// Adds an item to a list, a tuple or a set; None becomes a list.
    val& push(val value, on_error err NPSTOW_OR_THROW);
    /// Takes a pair out of a dictionary; says whether there was one.
    bool erase(const val& key, on_error err NPSTOW_OR_THROW);

    /// The pairs of a dictionary, in the order of insertion: `for (auto& [key, value] : v.items())`.
    span<const item> items(on_error err NPSTOW_OR_THROW) const;
    span<item> items(on_error err NPSTOW_OR_THROW);
    /// The items of a list, a tuple or a set.
    span<const val> values(on_error err NPSTOW_OR_THROW) const;
    span<val> values(on_error err NPSTOW_OR_THROW);
#if NPSTOW_EXCEPTIONS
    const val* begin() const { return values().data(); }
    const val* end() const { return begin() + size(); }
    val* begin() { return values().data(); }
    val* end() { return begin() + size(); }
#endif

    /// The value as a type of C++: `mismatch` where it is no such thing, or beyond its range. Numbers
    /// from numbers (integers only from integers) also of NumPy, `std::string` from a text, vectors
    /// from lists, tuples and arrays of numbers, maps from dictionaries, `npstow::array` from an array.
    template <class T>
    T get(on_error err NPSTOW_OR_THROW) const;
#if NPSTOW_EXCEPTIONS
    template <class T,
              std::enable_if_t<(detail::is_arithmetic<T> || std::is_same_v<T, std::string> ||
                                std::is_same_v<T, npstow::array> || detail::is_complex<T>::value ||
                                detail::is_growing<T>::value),
                               int> = 0>
    operator T() const
    {
        return get<T>();
    }
#endif
    /// The text of a str, or the bytes of bytes or a bytearray; as long as the value is there.
    std::string_view text(on_error err NPSTOW_OR_THROW) const&;
    std::string text(on_error err NPSTOW_OR_THROW) &&;
    /// An integer of any size as decimal digits.
    std::string digits(on_error err NPSTOW_OR_THROW) const;
    /// The array, or a scalar of NumPy as an array without axes.
    npstow::array array(on_error err NPSTOW_OR_THROW) const;
    /// The elements of an array, without a copy; see npstow::array. As long as the value is there.
    template <class T>
    span<const T> view(on_error err NPSTOW_OR_THROW) const&;
    /// The elements of a value that is gone behind the line would be gone, too.
    template <class T>
    span<const T> view(on_error err NPSTOW_OR_THROW) && = delete;
    /// The shape of an array, and its dtype or that of a scalar, without reading it.
    shape_type shape() const;
    std::string descr() const;
    /// The objects of an array of objects.
    val objects(on_error err NPSTOW_OR_THROW) const;

    /// Module and name of a class or function, or of the class of an object; empty for all else.
    std::string module() const;
    std::string name() const;
    /// What an object was made with: a tuple. `not_found` where there is none, as for the others.
    val args(on_error err NPSTOW_OR_THROW) const;
    /// The state that an object was given.
    val state(on_error err NPSTOW_OR_THROW) const;
    /// What was appended to an object, as a list.
    val appended(on_error err NPSTOW_OR_THROW) const;
    /// The keys and values that were set on an object, as a list of tuples.
    val pairs(on_error err NPSTOW_OR_THROW) const;

    /// As Python prints it; very long values are cut.
    std::string repr(on_error err NPSTOW_OR_THROW) const;
    /// As JSON; what JSON lacks is an object of one key: `{"$tuple":[1,2]}`.
    std::string json(on_error err NPSTOW_OR_THROW) const;
    /// Whether both are equal as Python has it; NaN is equal to NaN, arrays where their bytes are.
    bool equals(const val& other, on_error err NPSTOW_OR_THROW) const;
    /// The value for the C interface; to be freed with npstow_value_free.
    detail::value_handle handle(on_error err NPSTOW_OR_THROW) const;

private:
    friend struct detail::items_node;
    friend struct detail::pairs_node;
    friend class detail::val_writer;

    union word {
        std::int64_t integer = 0;
        double real;
        detail::val_node* node;
    };
    val(val_kind kind, detail::val_node* node) noexcept : kind_(kind) { word_.node = node; }
    /// Whether what it is does not fit in here.
    bool has_node() const noexcept { return is_big_ || kind_ >= val_kind::complex; }
    detail::val_node* node() const noexcept { return has_node() ? word_.node : nullptr; }
    void forget() noexcept
    {
        kind_ = val_kind::none;
        is_big_ = false;
    }
    template <class Node>
    Node* as() const noexcept
    {
        return static_cast<Node*>(word_.node);
    }
    bool is_sequence() const noexcept
    {
        return kind_ >= val_kind::list && kind_ <= val_kind::frozenset;
    }
    bool is_texty() const noexcept
    {
        return kind_ >= val_kind::str && kind_ <= val_kind::bytearray;
    }
    bool is_of_file() const noexcept;
    val found(NpstowValue* raw) const;
    static val big_of(std::string digits);
    static val of_text(val_kind kind, std::string text);
    static val of_items(val_kind kind, std::vector<val> items);
    static val of_glance(const NpstowGlance& glance, const std::shared_ptr<NpstowValue>& root);
    static val& nowhere();
    void wrong(const char* expected, const on_error& err) const;
    const std::vector<val>* sequence(const on_error& err) const;
    detail::pairs_node* mapping(const on_error& err) const;
    std::vector<val>* own_sequence(const on_error& err);
    detail::pairs_node* own_mapping(const on_error& err);
    const val& at_position(std::int64_t index, const on_error& err) const;
    val& own_position(std::int64_t index, const on_error& err);
    const val& at_key(const val& key, const on_error& err) const;
    val& own_key(const val& key, bool make, const on_error& err);
    val part(NpstowValue* (*function)(const NpstowValue*, NpstowError**),
             const on_error& err) const;
    template <class T>
    T collected(const on_error& err) const;
    std::int64_t whole(const on_error& err) const;
    std::uint64_t natural(const on_error& err) const;
    double real(const on_error& err) const;
    static bool same_key(const val& a, const val& b, const on_error& err);
    std::size_t hash(const on_error& err) const;

    val_kind kind_ = val_kind::none;
    bool is_big_ = false;
    word word_;
};

} // namespace NPSTOW_ROAD
} // namespace npstow

#include "val/parts.hpp"
#include "val/convert.hpp"
#include "val/pickle.hpp"
