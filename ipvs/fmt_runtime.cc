// fmt, compiled once: Debian has it as headers and as a shared library, and the released binary
// links everything but libc statically. Every other file sees declarations only, which <fmt/core.h>
// is enough for; <fmt/format.h> costs a second to read and, with sanitizers, three more to compile.
#include <fmt/format-inl.h>

namespace fmt {

// What the headers declare for a library to hold.
template FMT_API void detail::buffer<char>::append(const char*, const char*);
template FMT_API auto detail::thousands_sep_impl(detail::locale_ref)
    -> detail::thousands_sep_result<char>;
template FMT_API auto detail::decimal_point_impl(detail::locale_ref) -> char;
template FMT_API detail::locale_ref::locale_ref(const std::locale&);
template FMT_API auto detail::locale_ref::get() const -> std::locale;
template FMT_API void detail::vformat_to(detail::buffer<char>&, string_view,
                                         basic_format_args<FMT_BUFFER_CONTEXT(char)>,
                                         detail::locale_ref);

}  // namespace fmt
