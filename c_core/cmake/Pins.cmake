# The archives that are linked inside: version, bytes, licence, address. See be_pinned_archive.
#
# The first URL of each is upstream's where Debian kept upstream's bytes, then Debian's pool. (Debian's zlib
# is repacked without files under other licences.)

set(_be_pool http://deb.debian.org/debian/pool/main)

be_pinned_archive(libjpeg_turbo NAME libjpeg-turbo VERSION 2.1.5
    SHA256 254f3642b04e309fee775123133c6464181addc150499561020312ec61c1bf7c
    SPDX "BSD-3-Clause AND IJG AND Zlib" TEXTS LICENSE.md README.ijg
    PURL pkg:github/libjpeg-turbo/libjpeg-turbo@2.1.5
    URLS https://github.com/libjpeg-turbo/libjpeg-turbo/archive/refs/tags/2.1.5.tar.gz
         ${_be_pool}/libj/libjpeg-turbo/libjpeg-turbo_2.1.5.orig.tar.gz)
be_pinned_archive(speexdsp NAME speexdsp VERSION 1.2.1
    SHA256 8c777343e4a6399569c72abc38a95b24db56882c83dbdb6c6424a5f4aeb54d3d
    SPDX BSD-3-Clause TEXTS COPYING
    PURL pkg:generic/speexdsp@1.2.1
    URLS https://downloads.xiph.org/releases/speex/speexdsp-1.2.1.tar.gz
         ${_be_pool}/s/speexdsp/speexdsp_1.2.1.orig.tar.gz)
be_pinned_archive(cjson NAME cJSON VERSION 1.7.18
    SHA256 3aa806844a03442c00769b83e99970be70fbef03735ff898f4811dd03b9f5ee5
    SPDX MIT TEXTS LICENSE
    PURL pkg:github/DaveGamble/cJSON@v1.7.18
    URLS https://github.com/DaveGamble/cJSON/archive/refs/tags/v1.7.18.tar.gz
         ${_be_pool}/c/cjson/cjson_1.7.18.orig.tar.gz)
be_pinned_archive(libsodium NAME libsodium VERSION 1.0.18
    SHA256 d59323c6b712a1519a5daf710b68f5e7fde57040845ffec53850911f10a5d4f4
    SPDX ISC TEXTS LICENSE
    PURL pkg:github/jedisct1/libsodium@1.0.18
    URLS https://github.com/jedisct1/libsodium/archive/refs/tags/1.0.18.tar.gz
         ${_be_pool}/libs/libsodium/libsodium_1.0.18.orig.tar.gz)
be_pinned_archive(zlib NAME zlib VERSION 1.3.1
    SHA256 60dd315c07f616887caa029408308a018ace66e3d142726a97db164b3b8f69fb
    SPDX Zlib TEXTS LICENSE
    PURL pkg:generic/zlib@1.3.1
    URLS ${_be_pool}/z/zlib/zlib_1.3.dfsg%2breally1.3.1.orig.tar.gz)
