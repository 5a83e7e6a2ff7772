/* SPDX-License-Identifier: Apache-2.0
 *
 * Generated from the model's relay by `make generate`; edit that, not this.
 * Simplified by z3 5.4.1.
 */
#include "oracle_generated.h"

/* Little-endian whatever the host; compilers make one load of it. */
static inline uint64_t eight_bytes(const uint8_t *from)
{
	return (uint64_t)from[0] | (uint64_t)from[1] << 8 | (uint64_t)from[2] << 16 |
		(uint64_t)from[3] << 24 | (uint64_t)from[4] << 32 | (uint64_t)from[5] << 40 |
		(uint64_t)from[6] << 48 | (uint64_t)from[7] << 56;
}

/* 64 bits at bit `at`, a multiple of 8, of a word of `width` bits in memory; zeros below it and past it. */
static inline uint64_t load(const uint8_t *word, int64_t at, int64_t width)
{
	uint64_t bits;

	if (at <= -64 || at >= width)
		return 0;
	bits = eight_bytes(word + (at < 0 ? 0 : at / 8));
	if (at < 0)
		return bits << -at;
	return width - at >= 64 ? bits : bits & ~(UINT64_MAX << (width - at));
}

/* The bits of [at, at + 64) that lie in [start, infinity). */
static inline uint64_t from(int64_t start, int64_t at)
{
	if (start <= at)
		return UINT64_MAX;
	return start - at >= 64 ? 0 : UINT64_MAX << (start - at);
}

/* Those that lie in [0, width). */
static inline uint64_t within(int64_t at, int64_t width)
{
	return from(0, at) & ~from(width, at);
}

/* 64 bits at bit `at` of a word that fits 64. */
static inline uint64_t shifted(uint64_t word, int64_t at)
{
	if (at <= -64 || at >= 64)
		return 0;
	return at < 0 ? word << -at : word >> at;
}

static const uint8_t table0[SW_ORACLE_PAYLOAD + SW_ORACLE_PAD] = {
	0x0, 0x0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
};

static const uint8_t table1[SW_ORACLE_PAYLOAD + SW_ORACLE_PAD] = {
	0x0, 0x0, 0xff, 0xff, 0x1, 0x0, 0x0, 0x0, 0xff, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0,
	0xff, 0xff, 0xff, 0xff, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0,
	0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0xff, 0xff, 0xff, 0xff,
	0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0,
	0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0,
	0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0,
	0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0,
	0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0,
	0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0,
	0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0,
	0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0,
	0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0,
	0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0,
	0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0,
	0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0,
	0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0,
};

static const uint8_t table2[SW_ORACLE_PAYLOAD + SW_ORACLE_PAD] = {
	0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x80, 0x0, 0x0, 0x0, 0x0,
};

static const uint8_t table3[SW_ORACLE_PAYLOAD + SW_ORACLE_PAD] = {
	0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0,
	0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0xf4, 0x1a, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0,
};

uint64_t sw_oracle_window(const struct sw_oracle_transport *t)
{
	const uint64_t v0 = t->config_len;
	const uint64_t v1 = v0 <= 8u;
	const uint64_t v2 = UINT64_C(0x20);
	const uint64_t v3 = UINT64_C(0x28);
	const uint64_t v4 = v0 <= v3;
	const uint64_t v5 = UINT64_C(0x40);
	const uint64_t v6 = UINT64_C(0x68);
	const uint64_t v7 = v0 <= v6;
	const uint64_t v8 = UINT64_C(0x80);
	const uint64_t v9 = UINT64_C(0x100);
	const uint64_t v10 = v7 ? v8 : v9;
	const uint64_t v11 = v4 ? v5 : v10;
	const uint64_t v12 = v1 ? v2 : v11;
	return v12;
}

void sw_oracle_asks(const struct sw_oracle_transport *t, uint64_t commands, struct sw_oracle_call *call)
{
	const uint64_t v0 = commands >> 6;
	const uint64_t v1 = v0 & 1u;
	const uint64_t v2 = v1 == 1u;
	call->issues = v2;
	if (!call->issues)
		return;
	call->kind = 0u;
	call->sent_len = UINT64_C(0x18);
	const uint64_t v3 = UINT64_C(0x40);
	const uint64_t v4 = v2 ? v3 : 0u;
	const uint64_t v5 = 8u + v4;
	call->reply_len = v5;
	call->bar_owner = 0u;
	call->bar = 0u;
	call->offset = 0u;
	const uint64_t v6 = v2 ? 6u : 0u;
	const uint64_t v7 = v2 ? 1u : 0u;
	const uint64_t v8 = v6 | v7 << 16;
	call->sent[0] = v8;
	call->sent[1] = 0u;
	const uint64_t v9 = t->member;
	const uint64_t v10 = v2 ? v9 : 0u;
	call->sent[2] = v10;
	call->sent[3] = 0u;
	for (int64_t at = 256; at < (int64_t)(8 * call->sent_len); at += 64) {
		call->sent[at / 64] = 0u;
	}
}

void sw_oracle_opened(struct sw_oracle_transport *t, uint64_t commands, const struct sw_oracle_reply *r,
		const uint64_t *bars)
{
	const uint64_t v0 = commands >> 6;
	const uint64_t v1 = v0 & 1u;
	const uint64_t v2 = v1 == 1u;
	const uint64_t v3 = load(r->content, INT64_C(64), 2112);
	const uint64_t v4 = v3 & UINT64_C(0xff);
	const uint64_t v5 = ~v4 & UINT64_C(0xff);
	const uint64_t v6 = UINT64_C(0x48);
	const uint64_t v7 = r->written;
	const uint64_t v8 = v7 & UINT64_C(0x7f);
	const uint64_t v9 = v6 <= v8;
	const uint64_t v10 = v7 >> 7;
	const uint64_t v11 = v10 & UINT64_C(0x1ffffffffffffff);
	const uint64_t v12 = v11 == 0u;
	const uint64_t v13 = !v12;
	const uint64_t v14 = v7 >> 9;
	const uint64_t v15 = v14 & UINT64_C(0x7fffffffffffff);
	const uint64_t v16 = v15 == 0u;
	const uint64_t v17 = v9 | v13 | v16;
	const uint64_t v18 = !v17;
	const uint64_t v19 = UINT64_C(0x108);
	const uint64_t v20 = v13 | v9;
	const uint64_t v21 = UINT64_C(0x48);
	const uint64_t v22 = v7 & UINT64_C(0x1ff);
	const uint64_t v23 = v20 ? v21 : v22;
	const uint64_t v24 = v19 <= v23;
	const uint64_t v25 = v18 | v24;
	const uint64_t v26 = UINT64_C(0x108);
	const uint64_t v27 = UINT64_C(0x48);
	const uint64_t v28 = v7 & UINT64_C(0x1fff);
	const uint64_t v29 = v20 ? v27 : v28;
	const uint64_t v30 = v25 ? v26 : v29;
	const uint64_t v31 = v30 << 3;
	const uint64_t v32 = from((int64_t)v31, INT64_C(64));
	const uint64_t v33 = v32 & UINT64_C(0xff);
	const uint64_t v34 = v5 | v33;
	const uint64_t v35 = ~v34 & UINT64_C(0xff);
	const uint64_t v36 = v35 == 1u;
	const uint64_t v37 = load(r->content, INT64_C(0), 2112);
	const uint64_t v38 = v37 & UINT64_C(0xffff);
	const uint64_t v39 = ~v38 & UINT64_C(0xffff);
	const uint64_t v40 = from((int64_t)v31, INT64_C(0));
	const uint64_t v41 = v40 & UINT64_C(0xffff);
	const uint64_t v42 = v39 | v41;
	const uint64_t v43 = ~v42 & UINT64_C(0xffff);
	const uint64_t v44 = v43 == 0u;
	const uint64_t v45 = v36 & v44;
	const uint64_t v46 = v35 == 2u;
	const uint64_t v47 = v46 & v44;
	const uint64_t v48 = v45 | v47;
	const uint64_t v49 = load(r->content, INT64_C(72), 2112);
	const uint64_t v50 = v49 & 1u;
	const uint64_t v51 = v50 == 0u;
	const uint64_t v52 = from((int64_t)v31, INT64_C(72)) & within(INT64_C(72), 2112);
	const uint64_t v53 = v52 & 1u;
	const uint64_t v54 = v53 == 1u;
	const uint64_t v55 = v51 | v54;
	const uint64_t v56 = !v55;
	const uint64_t v57 =
		load(r->content, INT64_C(72), 2112) >> 1 |
		load(r->content, INT64_C(136), 2112) << 63;
	const uint64_t v58 = v57 & UINT64_C(0x7f);
	const uint64_t v59 = ~v58 & UINT64_C(0x7f);
	const uint64_t v60 = from((int64_t)v31, INT64_C(73)) & within(INT64_C(73), 2112);
	const uint64_t v61 = v60 & UINT64_C(0x7f);
	const uint64_t v62 = v59 | v61;
	const uint64_t v63 = ~v62 & UINT64_C(0x7f);
	const uint64_t v64 = v63 == 0u;
	const uint64_t v65 = !v64;
	const uint64_t v66 = v56 | v65;
	const uint64_t v67 =
		load(r->content, INT64_C(72), 2112) >> 3 |
		load(r->content, INT64_C(136), 2112) << 61;
	const uint64_t v68 = v67 & UINT64_C(0x1f);
	const uint64_t v69 = ~v68 & UINT64_C(0x1f);
	const uint64_t v70 = from((int64_t)v31, INT64_C(75)) & within(INT64_C(75), 2112);
	const uint64_t v71 = v70 & UINT64_C(0x1f);
	const uint64_t v72 = v69 | v71;
	const uint64_t v73 = ~v72 & UINT64_C(0x1f);
	const uint64_t v74 = v73 == 0u;
	const uint64_t v75 = v49 & 7u;
	const uint64_t v76 = ~v75 & 7u;
	const uint64_t v77 = v52 & 7u;
	const uint64_t v78 = v76 | v77;
	const uint64_t v79 = ~v78 & 7u;
	const uint64_t v80 = v79 <= 5u;
	const uint64_t v81 = UINT64_C(0xfffffffffffffffe);
	const uint64_t v82 = load(r->content, INT64_C(128), 2112);
	const uint64_t v83 = ~v82 & UINT64_C(0xffffffffffffffff);
	const uint64_t v84 = from((int64_t)v31, INT64_C(128));
	const uint64_t v85 = v81 | v83 | v84;
	const uint64_t v86 = ~v85 & UINT64_C(0xffffffffffffffff);
	const uint64_t v87 = v86 == 0u;
	const uint64_t v88 = v49 & UINT64_C(0xff);
	const uint64_t v89 = ~v88 & UINT64_C(0xff);
	const uint64_t v90 = v52 & UINT64_C(0xff);
	const uint64_t v91 = v89 | v90;
	const uint64_t v92 = ~v91 & UINT64_C(0xff);
	const uint64_t v93 = v92 == 5u;
	const uint64_t v94 = v46 & v44 & v93;
	const uint64_t v95 = bars[9];
	const uint64_t v96 = v95 >> 2;
	const uint64_t v97 = v96 & UINT64_C(0x3fffffffffffffff);
	const uint64_t v98 = v92 == 4u;
	const uint64_t v99 = v46 & v44 & v98;
	const uint64_t v100 = bars[8];
	const uint64_t v101 = v100 >> 2;
	const uint64_t v102 = v101 & UINT64_C(0x3fffffffffffffff);
	const uint64_t v103 = v92 == 3u;
	const uint64_t v104 = v46 & v44 & v103;
	const uint64_t v105 = bars[7];
	const uint64_t v106 = v105 >> 2;
	const uint64_t v107 = v106 & UINT64_C(0x3fffffffffffffff);
	const uint64_t v108 = v92 == 2u;
	const uint64_t v109 = v46 & v44 & v108;
	const uint64_t v110 = bars[6];
	const uint64_t v111 = v110 >> 2;
	const uint64_t v112 = v111 & UINT64_C(0x3fffffffffffffff);
	const uint64_t v113 = v92 == 1u;
	const uint64_t v114 = v46 & v44 & v113;
	const uint64_t v115 = bars[5];
	const uint64_t v116 = v115 >> 2;
	const uint64_t v117 = v116 & UINT64_C(0x3fffffffffffffff);
	const uint64_t v118 = v36 & v44 & v93;
	const uint64_t v119 = bars[4];
	const uint64_t v120 = v119 >> 2;
	const uint64_t v121 = v120 & UINT64_C(0x3fffffffffffffff);
	const uint64_t v122 = v36 & v44 & v98;
	const uint64_t v123 = bars[3];
	const uint64_t v124 = v123 >> 2;
	const uint64_t v125 = v124 & UINT64_C(0x3fffffffffffffff);
	const uint64_t v126 = v36 & v44 & v103;
	const uint64_t v127 = bars[2];
	const uint64_t v128 = v127 >> 2;
	const uint64_t v129 = v128 & UINT64_C(0x3fffffffffffffff);
	const uint64_t v130 = v36 & v44 & v108;
	const uint64_t v131 = bars[1];
	const uint64_t v132 = v131 >> 2;
	const uint64_t v133 = v132 & UINT64_C(0x3fffffffffffffff);
	const uint64_t v134 = v36 & v44 & v113;
	const uint64_t v135 = bars[0];
	const uint64_t v136 = v135 >> 2;
	const uint64_t v137 = v136 & UINT64_C(0x3fffffffffffffff);
	const uint64_t v138 = v134 ? v137 : 0u;
	const uint64_t v139 = v130 ? v133 : v138;
	const uint64_t v140 = v126 ? v129 : v139;
	const uint64_t v141 = v122 ? v125 : v140;
	const uint64_t v142 = v118 ? v121 : v141;
	const uint64_t v143 = v114 ? v117 : v142;
	const uint64_t v144 = v109 ? v112 : v143;
	const uint64_t v145 = v104 ? v107 : v144;
	const uint64_t v146 = v99 ? v102 : v145;
	const uint64_t v147 = v94 ? v97 : v146;
	const uint64_t v148 = v147 == 0u;
	const uint64_t v149 = !v148;
	const uint64_t v150 = v95 & 3u;
	const uint64_t v151 = v100 & 3u;
	const uint64_t v152 = v105 & 3u;
	const uint64_t v153 = v110 & 3u;
	const uint64_t v154 = v115 & 3u;
	const uint64_t v155 = v119 & 3u;
	const uint64_t v156 = v123 & 3u;
	const uint64_t v157 = v127 & 3u;
	const uint64_t v158 = v131 & 3u;
	const uint64_t v159 = v135 & 3u;
	const uint64_t v160 = v134 ? v159 : 0u;
	const uint64_t v161 = v130 ? v158 : v160;
	const uint64_t v162 = v126 ? v157 : v161;
	const uint64_t v163 = v122 ? v156 : v162;
	const uint64_t v164 = v118 ? v155 : v163;
	const uint64_t v165 = v114 ? v154 : v164;
	const uint64_t v166 = v109 ? v153 : v165;
	const uint64_t v167 = v104 ? v152 : v166;
	const uint64_t v168 = v99 ? v151 : v167;
	const uint64_t v169 = v94 ? v150 : v168;
	const uint64_t v170 = 2u <= v169;
	const uint64_t v171 = v149 | v170;
	const uint64_t v172 = v83 | v84;
	const uint64_t v173 = ~v172 & UINT64_C(0xffffffffffffffff);
	const uint64_t v174 = v134 ? v135 : 0u;
	const uint64_t v175 = v130 ? v131 : v174;
	const uint64_t v176 = v126 ? v127 : v175;
	const uint64_t v177 = v122 ? v123 : v176;
	const uint64_t v178 = v118 ? v119 : v177;
	const uint64_t v179 = v114 ? v115 : v178;
	const uint64_t v180 = v109 ? v110 : v179;
	const uint64_t v181 = v104 ? v105 : v180;
	const uint64_t v182 = v99 ? v100 : v181;
	const uint64_t v183 = v94 ? v95 : v182;
	const uint64_t v184 = v81 + v183;
	const uint64_t v185 = v173 <= v184;
	const uint64_t v186 = v48 & v66 & v74 & v80 & v87 & v171 & v185;
	const uint64_t v187 = !v186;
	const uint64_t v188 = v35 == 0u;
	const uint64_t v189 = !v44;
	const uint64_t v190 = v188 | v189;
	const uint64_t v191 = !v190;
	const uint64_t v192 = load(r->content, INT64_C(192), 2112);
	const uint64_t v193 = v192 & UINT64_C(0xff);
	const uint64_t v194 = ~v193 & UINT64_C(0xff);
	const uint64_t v195 = from((int64_t)v31, INT64_C(192));
	const uint64_t v196 = v195 & UINT64_C(0xff);
	const uint64_t v197 = v194 | v196;
	const uint64_t v198 = ~v197 & UINT64_C(0xff);
	const uint64_t v199 = v198 == 1u;
	const uint64_t v200 = v199 & v44;
	const uint64_t v201 = v198 == 2u;
	const uint64_t v202 = v201 & v44;
	const uint64_t v203 = v200 | v202;
	const uint64_t v204 = load(r->content, INT64_C(200), 2112);
	const uint64_t v205 = v204 & 1u;
	const uint64_t v206 = v205 == 0u;
	const uint64_t v207 = from((int64_t)v31, INT64_C(200)) & within(INT64_C(200), 2112);
	const uint64_t v208 = v207 & 1u;
	const uint64_t v209 = v208 == 1u;
	const uint64_t v210 = v206 | v209;
	const uint64_t v211 = !v210;
	const uint64_t v212 =
		load(r->content, INT64_C(200), 2112) >> 1 |
		load(r->content, INT64_C(264), 2112) << 63;
	const uint64_t v213 = v212 & UINT64_C(0x7f);
	const uint64_t v214 = ~v213 & UINT64_C(0x7f);
	const uint64_t v215 = from((int64_t)v31, INT64_C(201)) & within(INT64_C(201), 2112);
	const uint64_t v216 = v215 & UINT64_C(0x7f);
	const uint64_t v217 = v214 | v216;
	const uint64_t v218 = ~v217 & UINT64_C(0x7f);
	const uint64_t v219 = v218 == 0u;
	const uint64_t v220 = !v219;
	const uint64_t v221 = v211 | v220;
	const uint64_t v222 =
		load(r->content, INT64_C(200), 2112) >> 3 |
		load(r->content, INT64_C(264), 2112) << 61;
	const uint64_t v223 = v222 & UINT64_C(0x1f);
	const uint64_t v224 = ~v223 & UINT64_C(0x1f);
	const uint64_t v225 = from((int64_t)v31, INT64_C(203)) & within(INT64_C(203), 2112);
	const uint64_t v226 = v225 & UINT64_C(0x1f);
	const uint64_t v227 = v224 | v226;
	const uint64_t v228 = ~v227 & UINT64_C(0x1f);
	const uint64_t v229 = v228 == 0u;
	const uint64_t v230 = v204 & 7u;
	const uint64_t v231 = ~v230 & 7u;
	const uint64_t v232 = v207 & 7u;
	const uint64_t v233 = v231 | v232;
	const uint64_t v234 = ~v233 & 7u;
	const uint64_t v235 = v234 <= 5u;
	const uint64_t v236 = load(r->content, INT64_C(256), 2112);
	const uint64_t v237 = ~v236 & UINT64_C(0xffffffffffffffff);
	const uint64_t v238 = from((int64_t)v31, INT64_C(256));
	const uint64_t v239 = v81 | v237 | v238;
	const uint64_t v240 = ~v239 & UINT64_C(0xffffffffffffffff);
	const uint64_t v241 = v240 == 0u;
	const uint64_t v242 = v204 & UINT64_C(0xff);
	const uint64_t v243 = ~v242 & UINT64_C(0xff);
	const uint64_t v244 = v207 & UINT64_C(0xff);
	const uint64_t v245 = v243 | v244;
	const uint64_t v246 = ~v245 & UINT64_C(0xff);
	const uint64_t v247 = v246 == 5u;
	const uint64_t v248 = v201 & v44 & v247;
	const uint64_t v249 = v246 == 4u;
	const uint64_t v250 = v201 & v44 & v249;
	const uint64_t v251 = v246 == 3u;
	const uint64_t v252 = v201 & v44 & v251;
	const uint64_t v253 = v246 == 2u;
	const uint64_t v254 = v201 & v44 & v253;
	const uint64_t v255 = v246 == 1u;
	const uint64_t v256 = v201 & v44 & v255;
	const uint64_t v257 = v199 & v44 & v247;
	const uint64_t v258 = v199 & v44 & v249;
	const uint64_t v259 = v199 & v44 & v251;
	const uint64_t v260 = v199 & v44 & v253;
	const uint64_t v261 = v199 & v44 & v255;
	const uint64_t v262 = v261 ? v137 : 0u;
	const uint64_t v263 = v260 ? v133 : v262;
	const uint64_t v264 = v259 ? v129 : v263;
	const uint64_t v265 = v258 ? v125 : v264;
	const uint64_t v266 = v257 ? v121 : v265;
	const uint64_t v267 = v256 ? v117 : v266;
	const uint64_t v268 = v254 ? v112 : v267;
	const uint64_t v269 = v252 ? v107 : v268;
	const uint64_t v270 = v250 ? v102 : v269;
	const uint64_t v271 = v248 ? v97 : v270;
	const uint64_t v272 = v271 == 0u;
	const uint64_t v273 = !v272;
	const uint64_t v274 = v261 ? v159 : 0u;
	const uint64_t v275 = v260 ? v158 : v274;
	const uint64_t v276 = v259 ? v157 : v275;
	const uint64_t v277 = v258 ? v156 : v276;
	const uint64_t v278 = v257 ? v155 : v277;
	const uint64_t v279 = v256 ? v154 : v278;
	const uint64_t v280 = v254 ? v153 : v279;
	const uint64_t v281 = v252 ? v152 : v280;
	const uint64_t v282 = v250 ? v151 : v281;
	const uint64_t v283 = v248 ? v150 : v282;
	const uint64_t v284 = 2u <= v283;
	const uint64_t v285 = v273 | v284;
	const uint64_t v286 = v237 | v238;
	const uint64_t v287 = ~v286 & UINT64_C(0xffffffffffffffff);
	const uint64_t v288 = v261 ? v135 : 0u;
	const uint64_t v289 = v260 ? v131 : v288;
	const uint64_t v290 = v259 ? v127 : v289;
	const uint64_t v291 = v258 ? v123 : v290;
	const uint64_t v292 = v257 ? v119 : v291;
	const uint64_t v293 = v256 ? v115 : v292;
	const uint64_t v294 = v254 ? v110 : v293;
	const uint64_t v295 = v252 ? v105 : v294;
	const uint64_t v296 = v250 ? v100 : v295;
	const uint64_t v297 = v248 ? v95 : v296;
	const uint64_t v298 = v81 + v297;
	const uint64_t v299 = v287 <= v298;
	const uint64_t v300 = v203 & v221 & v229 & v235 & v241 & v285 & v299;
	const uint64_t v301 = !v300;
	const uint64_t v302 = v198 == 0u;
	const uint64_t v303 = v189 | v302;
	const uint64_t v304 = !v303;
	const uint64_t v305 = load(r->content, INT64_C(320), 2112);
	const uint64_t v306 = v305 & UINT64_C(0xff);
	const uint64_t v307 = ~v306 & UINT64_C(0xff);
	const uint64_t v308 = from((int64_t)v31, INT64_C(320));
	const uint64_t v309 = v308 & UINT64_C(0xff);
	const uint64_t v310 = v307 | v309;
	const uint64_t v311 = ~v310 & UINT64_C(0xff);
	const uint64_t v312 = v311 == 1u;
	const uint64_t v313 = v312 & v44;
	const uint64_t v314 = v311 == 2u;
	const uint64_t v315 = v314 & v44;
	const uint64_t v316 = v313 | v315;
	const uint64_t v317 = load(r->content, INT64_C(328), 2112);
	const uint64_t v318 = v317 & 1u;
	const uint64_t v319 = v318 == 0u;
	const uint64_t v320 = from((int64_t)v31, INT64_C(328)) & within(INT64_C(328), 2112);
	const uint64_t v321 = v320 & 1u;
	const uint64_t v322 = v321 == 1u;
	const uint64_t v323 = v319 | v322;
	const uint64_t v324 = !v323;
	const uint64_t v325 =
		load(r->content, INT64_C(328), 2112) >> 1 |
		load(r->content, INT64_C(392), 2112) << 63;
	const uint64_t v326 = v325 & UINT64_C(0x7f);
	const uint64_t v327 = ~v326 & UINT64_C(0x7f);
	const uint64_t v328 = from((int64_t)v31, INT64_C(329)) & within(INT64_C(329), 2112);
	const uint64_t v329 = v328 & UINT64_C(0x7f);
	const uint64_t v330 = v327 | v329;
	const uint64_t v331 = ~v330 & UINT64_C(0x7f);
	const uint64_t v332 = v331 == 0u;
	const uint64_t v333 = !v332;
	const uint64_t v334 = v324 | v333;
	const uint64_t v335 =
		load(r->content, INT64_C(328), 2112) >> 3 |
		load(r->content, INT64_C(392), 2112) << 61;
	const uint64_t v336 = v335 & UINT64_C(0x1f);
	const uint64_t v337 = ~v336 & UINT64_C(0x1f);
	const uint64_t v338 = from((int64_t)v31, INT64_C(331)) & within(INT64_C(331), 2112);
	const uint64_t v339 = v338 & UINT64_C(0x1f);
	const uint64_t v340 = v337 | v339;
	const uint64_t v341 = ~v340 & UINT64_C(0x1f);
	const uint64_t v342 = v341 == 0u;
	const uint64_t v343 = v317 & 7u;
	const uint64_t v344 = ~v343 & 7u;
	const uint64_t v345 = v320 & 7u;
	const uint64_t v346 = v344 | v345;
	const uint64_t v347 = ~v346 & 7u;
	const uint64_t v348 = v347 <= 5u;
	const uint64_t v349 = load(r->content, INT64_C(384), 2112);
	const uint64_t v350 = ~v349 & UINT64_C(0xffffffffffffffff);
	const uint64_t v351 = from((int64_t)v31, INT64_C(384));
	const uint64_t v352 = v81 | v350 | v351;
	const uint64_t v353 = ~v352 & UINT64_C(0xffffffffffffffff);
	const uint64_t v354 = v353 == 0u;
	const uint64_t v355 = v317 & UINT64_C(0xff);
	const uint64_t v356 = ~v355 & UINT64_C(0xff);
	const uint64_t v357 = v320 & UINT64_C(0xff);
	const uint64_t v358 = v356 | v357;
	const uint64_t v359 = ~v358 & UINT64_C(0xff);
	const uint64_t v360 = v359 == 5u;
	const uint64_t v361 = v314 & v44 & v360;
	const uint64_t v362 = v359 == 4u;
	const uint64_t v363 = v314 & v44 & v362;
	const uint64_t v364 = v359 == 3u;
	const uint64_t v365 = v314 & v44 & v364;
	const uint64_t v366 = v359 == 2u;
	const uint64_t v367 = v314 & v44 & v366;
	const uint64_t v368 = v359 == 1u;
	const uint64_t v369 = v314 & v44 & v368;
	const uint64_t v370 = v312 & v44 & v360;
	const uint64_t v371 = v312 & v44 & v362;
	const uint64_t v372 = v312 & v44 & v364;
	const uint64_t v373 = v312 & v44 & v366;
	const uint64_t v374 = v312 & v44 & v368;
	const uint64_t v375 = v374 ? v137 : 0u;
	const uint64_t v376 = v373 ? v133 : v375;
	const uint64_t v377 = v372 ? v129 : v376;
	const uint64_t v378 = v371 ? v125 : v377;
	const uint64_t v379 = v370 ? v121 : v378;
	const uint64_t v380 = v369 ? v117 : v379;
	const uint64_t v381 = v367 ? v112 : v380;
	const uint64_t v382 = v365 ? v107 : v381;
	const uint64_t v383 = v363 ? v102 : v382;
	const uint64_t v384 = v361 ? v97 : v383;
	const uint64_t v385 = v384 == 0u;
	const uint64_t v386 = !v385;
	const uint64_t v387 = v374 ? v159 : 0u;
	const uint64_t v388 = v373 ? v158 : v387;
	const uint64_t v389 = v372 ? v157 : v388;
	const uint64_t v390 = v371 ? v156 : v389;
	const uint64_t v391 = v370 ? v155 : v390;
	const uint64_t v392 = v369 ? v154 : v391;
	const uint64_t v393 = v367 ? v153 : v392;
	const uint64_t v394 = v365 ? v152 : v393;
	const uint64_t v395 = v363 ? v151 : v394;
	const uint64_t v396 = v361 ? v150 : v395;
	const uint64_t v397 = 2u <= v396;
	const uint64_t v398 = v386 | v397;
	const uint64_t v399 = v350 | v351;
	const uint64_t v400 = ~v399 & UINT64_C(0xffffffffffffffff);
	const uint64_t v401 = v374 ? v135 : 0u;
	const uint64_t v402 = v373 ? v131 : v401;
	const uint64_t v403 = v372 ? v127 : v402;
	const uint64_t v404 = v371 ? v123 : v403;
	const uint64_t v405 = v370 ? v119 : v404;
	const uint64_t v406 = v369 ? v115 : v405;
	const uint64_t v407 = v367 ? v110 : v406;
	const uint64_t v408 = v365 ? v105 : v407;
	const uint64_t v409 = v363 ? v100 : v408;
	const uint64_t v410 = v361 ? v95 : v409;
	const uint64_t v411 = v81 + v410;
	const uint64_t v412 = v400 <= v411;
	const uint64_t v413 = v316 & v334 & v342 & v348 & v354 & v398 & v412;
	const uint64_t v414 = !v413;
	const uint64_t v415 = v311 == 0u;
	const uint64_t v416 = v189 | v415;
	const uint64_t v417 = !v416;
	const uint64_t v418 = load(r->content, INT64_C(448), 2112);
	const uint64_t v419 = v418 & UINT64_C(0xff);
	const uint64_t v420 = ~v419 & UINT64_C(0xff);
	const uint64_t v421 = from((int64_t)v31, INT64_C(448));
	const uint64_t v422 = v421 & UINT64_C(0xff);
	const uint64_t v423 = v420 | v422;
	const uint64_t v424 = ~v423 & UINT64_C(0xff);
	const uint64_t v425 = v424 == 1u;
	const uint64_t v426 = v425 & v44;
	const uint64_t v427 = v424 == 2u;
	const uint64_t v428 = v427 & v44;
	const uint64_t v429 = v426 | v428;
	const uint64_t v430 = load(r->content, INT64_C(456), 2112);
	const uint64_t v431 = v430 & 1u;
	const uint64_t v432 = v431 == 0u;
	const uint64_t v433 = from((int64_t)v31, INT64_C(456)) & within(INT64_C(456), 2112);
	const uint64_t v434 = v433 & 1u;
	const uint64_t v435 = v434 == 1u;
	const uint64_t v436 = v432 | v435;
	const uint64_t v437 = !v436;
	const uint64_t v438 =
		load(r->content, INT64_C(456), 2112) >> 1 |
		load(r->content, INT64_C(520), 2112) << 63;
	const uint64_t v439 = v438 & UINT64_C(0x7f);
	const uint64_t v440 = ~v439 & UINT64_C(0x7f);
	const uint64_t v441 = from((int64_t)v31, INT64_C(457)) & within(INT64_C(457), 2112);
	const uint64_t v442 = v441 & UINT64_C(0x7f);
	const uint64_t v443 = v440 | v442;
	const uint64_t v444 = ~v443 & UINT64_C(0x7f);
	const uint64_t v445 = v444 == 0u;
	const uint64_t v446 = !v445;
	const uint64_t v447 = v437 | v446;
	const uint64_t v448 =
		load(r->content, INT64_C(456), 2112) >> 3 |
		load(r->content, INT64_C(520), 2112) << 61;
	const uint64_t v449 = v448 & UINT64_C(0x1f);
	const uint64_t v450 = ~v449 & UINT64_C(0x1f);
	const uint64_t v451 = from((int64_t)v31, INT64_C(459)) & within(INT64_C(459), 2112);
	const uint64_t v452 = v451 & UINT64_C(0x1f);
	const uint64_t v453 = v450 | v452;
	const uint64_t v454 = ~v453 & UINT64_C(0x1f);
	const uint64_t v455 = v454 == 0u;
	const uint64_t v456 = v430 & 7u;
	const uint64_t v457 = ~v456 & 7u;
	const uint64_t v458 = v433 & 7u;
	const uint64_t v459 = v457 | v458;
	const uint64_t v460 = ~v459 & 7u;
	const uint64_t v461 = v460 <= 5u;
	const uint64_t v462 = load(r->content, INT64_C(512), 2112);
	const uint64_t v463 = ~v462 & UINT64_C(0xffffffffffffffff);
	const uint64_t v464 = from((int64_t)v31, INT64_C(512));
	const uint64_t v465 = v81 | v463 | v464;
	const uint64_t v466 = ~v465 & UINT64_C(0xffffffffffffffff);
	const uint64_t v467 = v466 == 0u;
	const uint64_t v468 = v430 & UINT64_C(0xff);
	const uint64_t v469 = ~v468 & UINT64_C(0xff);
	const uint64_t v470 = v433 & UINT64_C(0xff);
	const uint64_t v471 = v469 | v470;
	const uint64_t v472 = ~v471 & UINT64_C(0xff);
	const uint64_t v473 = v472 == 5u;
	const uint64_t v474 = v427 & v44 & v473;
	const uint64_t v475 = v472 == 4u;
	const uint64_t v476 = v427 & v44 & v475;
	const uint64_t v477 = v472 == 3u;
	const uint64_t v478 = v427 & v44 & v477;
	const uint64_t v479 = v472 == 2u;
	const uint64_t v480 = v427 & v44 & v479;
	const uint64_t v481 = v472 == 1u;
	const uint64_t v482 = v427 & v44 & v481;
	const uint64_t v483 = v425 & v44 & v473;
	const uint64_t v484 = v425 & v44 & v475;
	const uint64_t v485 = v425 & v44 & v477;
	const uint64_t v486 = v425 & v44 & v479;
	const uint64_t v487 = v425 & v44 & v481;
	const uint64_t v488 = v487 ? v137 : 0u;
	const uint64_t v489 = v486 ? v133 : v488;
	const uint64_t v490 = v485 ? v129 : v489;
	const uint64_t v491 = v484 ? v125 : v490;
	const uint64_t v492 = v483 ? v121 : v491;
	const uint64_t v493 = v482 ? v117 : v492;
	const uint64_t v494 = v480 ? v112 : v493;
	const uint64_t v495 = v478 ? v107 : v494;
	const uint64_t v496 = v476 ? v102 : v495;
	const uint64_t v497 = v474 ? v97 : v496;
	const uint64_t v498 = v497 == 0u;
	const uint64_t v499 = !v498;
	const uint64_t v500 = v487 ? v159 : 0u;
	const uint64_t v501 = v486 ? v158 : v500;
	const uint64_t v502 = v485 ? v157 : v501;
	const uint64_t v503 = v484 ? v156 : v502;
	const uint64_t v504 = v483 ? v155 : v503;
	const uint64_t v505 = v482 ? v154 : v504;
	const uint64_t v506 = v480 ? v153 : v505;
	const uint64_t v507 = v478 ? v152 : v506;
	const uint64_t v508 = v476 ? v151 : v507;
	const uint64_t v509 = v474 ? v150 : v508;
	const uint64_t v510 = 2u <= v509;
	const uint64_t v511 = v499 | v510;
	const uint64_t v512 = v463 | v464;
	const uint64_t v513 = ~v512 & UINT64_C(0xffffffffffffffff);
	const uint64_t v514 = v487 ? v135 : 0u;
	const uint64_t v515 = v486 ? v131 : v514;
	const uint64_t v516 = v485 ? v127 : v515;
	const uint64_t v517 = v484 ? v123 : v516;
	const uint64_t v518 = v483 ? v119 : v517;
	const uint64_t v519 = v482 ? v115 : v518;
	const uint64_t v520 = v480 ? v110 : v519;
	const uint64_t v521 = v478 ? v105 : v520;
	const uint64_t v522 = v476 ? v100 : v521;
	const uint64_t v523 = v474 ? v95 : v522;
	const uint64_t v524 = v81 + v523;
	const uint64_t v525 = v513 <= v524;
	const uint64_t v526 = v414 & v417 & v429 & v447 & v455 & v461 & v467 & v511 & v525;
	const uint64_t v527 = v413 | v526;
	const uint64_t v528 = v301 & v304 & v527;
	const uint64_t v529 = v300 | v528;
	const uint64_t v530 = v187 & v191 & v529;
	const uint64_t v531 = v186 | v530;
	const uint64_t v532 = v2 & v531;
	const uint64_t v533 = v44 ? v35 : 0u;
	const uint64_t v534 = v44 ? v198 : 0u;
	const uint64_t v535 = v44 ? v311 : 0u;
	const uint64_t v536 = v429 & v447 & v455 & v461 & v467 & v511 & v525 & v44;
	const uint64_t v537 = !v536;
	const uint64_t v538 = v189 | v415 | v537;
	const uint64_t v539 = v538 ? 0u : v424;
	const uint64_t v540 = v413 ? v535 : v539;
	const uint64_t v541 = v303 ? 0u : v540;
	const uint64_t v542 = v300 ? v534 : v541;
	const uint64_t v543 = v190 ? 0u : v542;
	const uint64_t v544 = v186 ? v533 : v543;
	const uint64_t v545 = v2 ? v544 : 0u;
	const uint64_t v546 = v429 & v447 & v455 & v461 & v467 & v511 & v525;
	const uint64_t v547 = !v546;
	const uint64_t v548 = v189 | v415 | v547;
	const uint64_t v549 = v548 ? 0u : v472;
	const uint64_t v550 = v413 ? v359 : v549;
	const uint64_t v551 = v303 ? 0u : v550;
	const uint64_t v552 = v300 ? v246 : v551;
	const uint64_t v553 = v190 ? 0u : v552;
	const uint64_t v554 = v186 ? v92 : v553;
	const uint64_t v555 = v2 ? v554 : 0u;
	const uint64_t v556 = v548 ? 0u : v513;
	const uint64_t v557 = v413 ? v400 : v556;
	const uint64_t v558 = v303 ? 0u : v557;
	const uint64_t v559 = v300 ? v287 : v558;
	const uint64_t v560 = v190 ? 0u : v559;
	const uint64_t v561 = v186 ? v173 : v560;
	const uint64_t v562 = v2 ? v561 : 0u;
	t->present = (uint8_t)v532;
	t->bar_owner = (uint8_t)v545;
	t->bar = (uint8_t)v555;
	t->doorbell_offset = v562;
	t->decode = (uint8_t)0u;
	t->msix = (uint8_t)0u;
	t->bar0 = (uint32_t)0u;
}

void sw_oracle_react(struct sw_oracle_transport *t, uint64_t kind, uint64_t argument)
{
	const uint64_t v0 = kind == 1u;
	const uint64_t v1 = t->decode;
	const uint64_t v2 = kind == 2u;
	const uint64_t v3 = !v2;
	const uint64_t v4 = v3 & v1;
	const uint64_t v5 = v0 ? v1 : v4;
	const uint64_t v6 = t->msix;
	const uint64_t v7 = v0 ? argument : v6;
	const uint64_t v8 = v3 | v0;
	const uint64_t v9 = t->bar0;
	const uint64_t v10 = v8 ? v9 : 0u;
	t->decode = (uint8_t)v5;
	t->msix = (uint8_t)v7;
	t->bar0 = (uint32_t)v10;
}

void sw_oracle_begin_bar_read(const struct sw_oracle_transport *t, const struct sw_oracle_access *a,
		struct sw_oracle_call *call)
{
	const uint64_t v0 = a->length;
	const uint64_t v1 = v0 == 0u;
	const uint64_t v2 = !v1;
	const uint64_t v3 = t->decode;
	const uint64_t v4 = t->config_len;
	const uint64_t v5 = v4 >> 4;
	const uint64_t v6 = v5 & UINT64_C(0xfff);
	const uint64_t v7 = v6 == 0u;
	const uint64_t v8 = v4 & UINT64_C(0xf);
	const uint64_t v9 = v8 <= 8u;
	const uint64_t v10 = v7 & v9;
	const uint64_t v11 = UINT64_C(0x20);
	const uint64_t v12 = v4 >> 6;
	const uint64_t v13 = v12 & UINT64_C(0x3ff);
	const uint64_t v14 = v13 == 0u;
	const uint64_t v15 = v4 & UINT64_C(0x3f);
	const uint64_t v16 = UINT64_C(0x28);
	const uint64_t v17 = v15 <= v16;
	const uint64_t v18 = v14 & v17;
	const uint64_t v19 = UINT64_C(0x40);
	const uint64_t v20 = v4 >> 7;
	const uint64_t v21 = v20 & UINT64_C(0x1ff);
	const uint64_t v22 = v21 == 0u;
	const uint64_t v23 = v4 & UINT64_C(0x7f);
	const uint64_t v24 = UINT64_C(0x68);
	const uint64_t v25 = v23 <= v24;
	const uint64_t v26 = v22 & v25;
	const uint64_t v27 = UINT64_C(0x80);
	const uint64_t v28 = UINT64_C(0x100);
	const uint64_t v29 = v26 ? v27 : v28;
	const uint64_t v30 = v18 ? v19 : v29;
	const uint64_t v31 = v10 ? v11 : v30;
	const uint64_t v32 = v0 <= v31;
	const uint64_t v33 = a->offset;
	const uint64_t v34 = UINT64_C(0xffffffffffffffff);
	const uint64_t v35 = v34 * v0;
	const uint64_t v36 = v35 + v31;
	const uint64_t v37 = v33 <= v36;
	const uint64_t v38 = v2 & v3 & v32 & v37;
	call->issues = v38;
	if (!call->issues)
		return;
	call->kind = 0u;
	const uint64_t v39 = UINT64_C(0x19);
	call->sent_len = v39;
	const uint64_t v40 = 8u + v0;
	call->reply_len = v40;
	call->bar_owner = 0u;
	call->bar = 0u;
	call->offset = 0u;
	const uint64_t v41 = t->msix;
	const uint64_t v42 = UINT64_C(0x18);
	const uint64_t v43 = UINT64_C(0x14);
	const uint64_t v44 = v41 ? v42 : v43;
	const uint64_t v45 = v44 <= v33;
	const uint64_t v46 = v45 ? 5u : 3u;
	const uint64_t v47 = v46 | 1u << 16;
	call->sent[0] = v47;
	call->sent[1] = 0u;
	const uint64_t v48 = t->member;
	call->sent[2] = v48;
	const uint64_t v49 = v33 & UINT64_C(0xff);
	const uint64_t v50 = UINT64_C(0xff);
	const uint64_t v51 = UINT64_C(0x18);
	const uint64_t v52 = UINT64_C(0x14);
	const uint64_t v53 = v41 ? v51 : v52;
	const uint64_t v54 = (v50 * v53) & UINT64_C(0xff);
	const uint64_t v55 = (v49 + v54) & UINT64_C(0xff);
	const uint64_t v56 = v45 ? v55 : v49;
	call->sent[3] = v56;
	for (int64_t at = 256; at < (int64_t)(8 * call->sent_len); at += 64) {
		call->sent[at / 64] = 0u;
	}
}

int64_t sw_oracle_end_bar_read(const struct sw_oracle_transport *t, const struct sw_oracle_access *a,
		const struct sw_oracle_reply *r, uint64_t *buffer)
{
	const uint64_t v0 = a->length;
	const uint64_t v1 = v0 == 0u;
	const uint64_t v2 = !v1;
	const uint64_t v3 = t->decode;
	const uint64_t v4 = t->config_len;
	const uint64_t v5 = v4 >> 4;
	const uint64_t v6 = v5 & UINT64_C(0xfff);
	const uint64_t v7 = v6 == 0u;
	const uint64_t v8 = v4 & UINT64_C(0xf);
	const uint64_t v9 = v8 <= 8u;
	const uint64_t v10 = v7 & v9;
	const uint64_t v11 = UINT64_C(0x20);
	const uint64_t v12 = v4 >> 6;
	const uint64_t v13 = v12 & UINT64_C(0x3ff);
	const uint64_t v14 = v13 == 0u;
	const uint64_t v15 = v4 & UINT64_C(0x3f);
	const uint64_t v16 = UINT64_C(0x28);
	const uint64_t v17 = v15 <= v16;
	const uint64_t v18 = v14 & v17;
	const uint64_t v19 = UINT64_C(0x40);
	const uint64_t v20 = v4 >> 7;
	const uint64_t v21 = v20 & UINT64_C(0x1ff);
	const uint64_t v22 = v21 == 0u;
	const uint64_t v23 = v4 & UINT64_C(0x7f);
	const uint64_t v24 = UINT64_C(0x68);
	const uint64_t v25 = v23 <= v24;
	const uint64_t v26 = v22 & v25;
	const uint64_t v27 = UINT64_C(0x80);
	const uint64_t v28 = UINT64_C(0x100);
	const uint64_t v29 = v26 ? v27 : v28;
	const uint64_t v30 = v18 ? v19 : v29;
	const uint64_t v31 = v10 ? v11 : v30;
	const uint64_t v32 = v0 <= v31;
	const uint64_t v33 = a->offset;
	const uint64_t v34 = UINT64_C(0xffffffffffffffff);
	const uint64_t v35 = v34 * v0;
	const uint64_t v36 = v35 + v31;
	const uint64_t v37 = v33 <= v36;
	const uint64_t v38 = v2 & v3 & v32 & v37;
	if (!v38) {
		const uint64_t v39 = v1 ? 0u : v34;
		return (int64_t)v39;
	}
	const uint64_t v40 = load(r->content, INT64_C(0), 2112);
	const uint64_t v41 = v40 & UINT64_C(0xffff);
	const uint64_t v42 = ~v41 & UINT64_C(0xffff);
	const uint64_t v43 = 8u + v0;
	const uint64_t v44 = r->written;
	const uint64_t v45 = v43 <= v44;
	const uint64_t v46 = v43 >> 9;
	const uint64_t v47 = v46 & UINT64_C(0x7fffffffffffff);
	const uint64_t v48 = v44 >> 9;
	const uint64_t v49 = v48 & UINT64_C(0x7fffffffffffff);
	const uint64_t v50 = v45 ? v47 : v49;
	const uint64_t v51 = v50 == 0u;
	const uint64_t v52 = !v51;
	const uint64_t v53 = UINT64_C(0x108);
	const uint64_t v54 = v0 & UINT64_C(0x1ff);
	const uint64_t v55 = (8u + v54) & UINT64_C(0x1ff);
	const uint64_t v56 = v44 & UINT64_C(0x1ff);
	const uint64_t v57 = v45 ? v55 : v56;
	const uint64_t v58 = v53 <= v57;
	const uint64_t v59 = v52 | v58;
	const uint64_t v60 = UINT64_C(0x108);
	const uint64_t v61 = v0 & UINT64_C(0x1fff);
	const uint64_t v62 = (8u + v61) & UINT64_C(0x1fff);
	const uint64_t v63 = v44 & UINT64_C(0x1fff);
	const uint64_t v64 = v45 ? v62 : v63;
	const uint64_t v65 = v59 ? v60 : v64;
	const uint64_t v66 = v65 << 3;
	const uint64_t v67 = from((int64_t)v66, INT64_C(0));
	const uint64_t v68 = v67 & UINT64_C(0xffff);
	const uint64_t v69 = v42 | v68;
	const uint64_t v70 = ~v69 & UINT64_C(0xffff);
	const uint64_t v71 = v70 == 0u;
	const uint64_t v72 = v70 | 1u << 16;
	const uint64_t v73 = v34 * v72;
	const uint64_t v74 = v71 ? v0 : v73;
	for (int64_t at = 0; at < (int64_t)(8 * a->length); at += 64) {
		const uint64_t v75 = load(r->content, (at + 64), 2112);
		const uint64_t v76 = ~v75;
		const uint64_t v77 = from((int64_t)v66, (at + 64));
		const uint64_t v78 = v0 >> 9;
		const uint64_t v79 = v78 & UINT64_C(0x7fffffffffffff);
		const uint64_t v80 = v79 == 0u;
		const uint64_t v81 = !v80;
		const uint64_t v82 = UINT64_C(0x100);
		const uint64_t v83 = v82 <= v54;
		const uint64_t v84 = v81 | v83;
		const uint64_t v85 = UINT64_C(0x100);
		const uint64_t v86 = v84 ? v85 : v61;
		const uint64_t v87 = v86 << 3;
		const uint64_t v88 = from((int64_t)v87, (at + 0));
		const uint64_t v89 = v76 | v77 | v88;
		const uint64_t v90 = ~v89;
		const uint64_t v91 = load(a->payload, (((at - (int64_t)v87) + (int64_t)v87) + 0), 2048);
		const uint64_t v92 = v91 & within(((at - (int64_t)v87) + 0), 2048);
		const uint64_t v93 = v90 | v92;
		const uint64_t v94 = load(a->payload, (at + 0), 2048);
		const uint64_t v95 = v71 ? v93 : v94;
		buffer[at / 64] = v95;
	}
	return (int64_t)v74;
}

void sw_oracle_begin_bar_write(const struct sw_oracle_transport *t, const struct sw_oracle_access *a,
		struct sw_oracle_call *call)
{
	const uint64_t v0 = a->length;
	const uint64_t v1 = v0 == 0u;
	const uint64_t v2 = !v1;
	const uint64_t v3 = t->decode;
	const uint64_t v4 = t->config_len;
	const uint64_t v5 = v4 >> 4;
	const uint64_t v6 = v5 & UINT64_C(0xfff);
	const uint64_t v7 = v6 == 0u;
	const uint64_t v8 = v4 & UINT64_C(0xf);
	const uint64_t v9 = v8 <= 8u;
	const uint64_t v10 = v7 & v9;
	const uint64_t v11 = UINT64_C(0x20);
	const uint64_t v12 = v4 >> 6;
	const uint64_t v13 = v12 & UINT64_C(0x3ff);
	const uint64_t v14 = v13 == 0u;
	const uint64_t v15 = v4 & UINT64_C(0x3f);
	const uint64_t v16 = UINT64_C(0x28);
	const uint64_t v17 = v15 <= v16;
	const uint64_t v18 = v14 & v17;
	const uint64_t v19 = UINT64_C(0x40);
	const uint64_t v20 = v4 >> 7;
	const uint64_t v21 = v20 & UINT64_C(0x1ff);
	const uint64_t v22 = v21 == 0u;
	const uint64_t v23 = v4 & UINT64_C(0x7f);
	const uint64_t v24 = UINT64_C(0x68);
	const uint64_t v25 = v23 <= v24;
	const uint64_t v26 = v22 & v25;
	const uint64_t v27 = UINT64_C(0x80);
	const uint64_t v28 = UINT64_C(0x100);
	const uint64_t v29 = v26 ? v27 : v28;
	const uint64_t v30 = v18 ? v19 : v29;
	const uint64_t v31 = v10 ? v11 : v30;
	const uint64_t v32 = v0 <= v31;
	const uint64_t v33 = a->offset;
	const uint64_t v34 = UINT64_C(0xffffffffffffffff);
	const uint64_t v35 = v34 * v0;
	const uint64_t v36 = v35 + v31;
	const uint64_t v37 = v33 <= v36;
	const uint64_t v38 = v2 & v3 & v32 & v37;
	call->issues = v38;
	if (!call->issues)
		return;
	const uint64_t v39 = t->present;
	const uint64_t v40 = UINT64_C(0x10);
	const uint64_t v41 = v33 == v40;
	const uint64_t v42 = v0 == 2u;
	const uint64_t v43 = v39 & v41 & v42;
	if (v43) {
		call->kind = 1u;
		call->sent_len = 2u;
		call->reply_len = 0u;
		const uint64_t v44 = t->bar_owner;
		call->bar_owner = v44;
		const uint64_t v45 = t->bar;
		call->bar = v45;
		const uint64_t v46 = t->doorbell_offset;
		call->offset = v46;
		const uint64_t v47 = UINT64_C(0xffffffffffff0000);
		const uint64_t v48 = load(a->payload, INT64_C(0), 2048);
		const uint64_t v49 = ~v48 & UINT64_C(0xffffffffffffffff);
		const uint64_t v50 = v0 >> 9;
		const uint64_t v51 = v50 & UINT64_C(0x7fffffffffffff);
		const uint64_t v52 = v51 == 0u;
		const uint64_t v53 = !v52;
		const uint64_t v54 = UINT64_C(0x100);
		const uint64_t v55 = v0 & UINT64_C(0x1ff);
		const uint64_t v56 = v54 <= v55;
		const uint64_t v57 = v53 | v56;
		const uint64_t v58 = UINT64_C(0x100);
		const uint64_t v59 = v0 & UINT64_C(0x1fff);
		const uint64_t v60 = v57 ? v58 : v59;
		const uint64_t v61 = v60 << 3;
		const uint64_t v62 = from((int64_t)v61, INT64_C(0));
		const uint64_t v63 = v47 | v49 | v62;
		const uint64_t v64 = ~v63 & UINT64_C(0xffffffffffffffff);
		call->sent[0] = v64;
		call->sent[1] = 0u;
		call->sent[2] = 0u;
		call->sent[3] = 0u;
		for (int64_t at = 256; at < (int64_t)(8 * call->sent_len); at += 64) {
			const uint64_t v65 = load(table0, ((at - 256) + 256), 2048);
			const uint64_t v66 = load(a->payload, ((at - 256) + 256), 2048);
			const uint64_t v67 = ~v66;
			const uint64_t v68 = from((int64_t)v61, ((at - 256) + 256));
			const uint64_t v69 = v65 | v67 | v68;
			const uint64_t v70 = ~v69;
			call->sent[at / 64] = v70;
		}
	}
	if (!v43) {
		call->kind = 0u;
		const uint64_t v71 = v11 + v0;
		call->sent_len = v71;
		call->reply_len = 8u;
		call->bar_owner = 0u;
		call->bar = 0u;
		call->offset = 0u;
		const uint64_t v72 = t->msix;
		const uint64_t v73 = UINT64_C(0x18);
		const uint64_t v74 = UINT64_C(0x14);
		const uint64_t v75 = v72 ? v73 : v74;
		const uint64_t v76 = v75 <= v33;
		const uint64_t v77 = v76 ? 4u : 2u;
		const uint64_t v78 = v77 | 1u << 16;
		call->sent[0] = v78;
		call->sent[1] = 0u;
		const uint64_t v79 = t->member;
		call->sent[2] = v79;
		const uint64_t v80 = v33 & UINT64_C(0xff);
		const uint64_t v81 = UINT64_C(0xff);
		const uint64_t v82 = UINT64_C(0x18);
		const uint64_t v83 = UINT64_C(0x14);
		const uint64_t v84 = v72 ? v82 : v83;
		const uint64_t v85 = (v81 * v84) & UINT64_C(0xff);
		const uint64_t v86 = (v80 + v85) & UINT64_C(0xff);
		const uint64_t v87 = v76 ? v86 : v80;
		call->sent[3] = v87;
		for (int64_t at = 256; at < (int64_t)(8 * call->sent_len); at += 64) {
			const uint64_t v88 = load(a->payload, ((at - 256) + 0), 2048);
			const uint64_t v89 = ~v88;
			const uint64_t v90 = v0 >> 9;
			const uint64_t v91 = v90 & UINT64_C(0x7fffffffffffff);
			const uint64_t v92 = v91 == 0u;
			const uint64_t v93 = !v92;
			const uint64_t v94 = UINT64_C(0x100);
			const uint64_t v95 = v0 & UINT64_C(0x1ff);
			const uint64_t v96 = v94 <= v95;
			const uint64_t v97 = v93 | v96;
			const uint64_t v98 = UINT64_C(0x100);
			const uint64_t v99 = v0 & UINT64_C(0x1fff);
			const uint64_t v100 = v97 ? v98 : v99;
			const uint64_t v101 = v100 << 3;
			const uint64_t v102 = from((int64_t)v101, ((at - 256) + 0));
			const uint64_t v103 = v89 | v102;
			const uint64_t v104 = ~v103;
			call->sent[at / 64] = v104;
		}
	}
}

int64_t sw_oracle_end_bar_write(const struct sw_oracle_transport *t, const struct sw_oracle_access *a,
		const struct sw_oracle_reply *r)
{
	const uint64_t v0 = a->length;
	const uint64_t v1 = v0 == 0u;
	const uint64_t v2 = !v1;
	const uint64_t v3 = t->decode;
	const uint64_t v4 = t->config_len;
	const uint64_t v5 = v4 >> 4;
	const uint64_t v6 = v5 & UINT64_C(0xfff);
	const uint64_t v7 = v6 == 0u;
	const uint64_t v8 = v4 & UINT64_C(0xf);
	const uint64_t v9 = v8 <= 8u;
	const uint64_t v10 = v7 & v9;
	const uint64_t v11 = UINT64_C(0x20);
	const uint64_t v12 = v4 >> 6;
	const uint64_t v13 = v12 & UINT64_C(0x3ff);
	const uint64_t v14 = v13 == 0u;
	const uint64_t v15 = v4 & UINT64_C(0x3f);
	const uint64_t v16 = UINT64_C(0x28);
	const uint64_t v17 = v15 <= v16;
	const uint64_t v18 = v14 & v17;
	const uint64_t v19 = UINT64_C(0x40);
	const uint64_t v20 = v4 >> 7;
	const uint64_t v21 = v20 & UINT64_C(0x1ff);
	const uint64_t v22 = v21 == 0u;
	const uint64_t v23 = v4 & UINT64_C(0x7f);
	const uint64_t v24 = UINT64_C(0x68);
	const uint64_t v25 = v23 <= v24;
	const uint64_t v26 = v22 & v25;
	const uint64_t v27 = UINT64_C(0x80);
	const uint64_t v28 = UINT64_C(0x100);
	const uint64_t v29 = v26 ? v27 : v28;
	const uint64_t v30 = v18 ? v19 : v29;
	const uint64_t v31 = v10 ? v11 : v30;
	const uint64_t v32 = v0 <= v31;
	const uint64_t v33 = a->offset;
	const uint64_t v34 = UINT64_C(0xffffffffffffffff);
	const uint64_t v35 = v34 * v0;
	const uint64_t v36 = v35 + v31;
	const uint64_t v37 = v33 <= v36;
	const uint64_t v38 = v2 & v3 & v32 & v37;
	if (!v38) {
		const uint64_t v39 = v1 ? 0u : v34;
		return (int64_t)v39;
	}
	const uint64_t v40 = t->present;
	const uint64_t v41 = UINT64_C(0x10);
	const uint64_t v42 = v33 == v41;
	const uint64_t v43 = v0 == 2u;
	const uint64_t v44 = v40 & v42 & v43;
	if (v44) {
		return (int64_t)v0;
	}
	const uint64_t v45 = load(r->content, INT64_C(0), 2112);
	const uint64_t v46 = v45 & UINT64_C(0xffff);
	const uint64_t v47 = ~v46 & UINT64_C(0xffff);
	const uint64_t v48 = r->written;
	const uint64_t v49 = v48 >> 9;
	const uint64_t v50 = v49 & UINT64_C(0x7fffffffffffff);
	const uint64_t v51 = v50 == 0u;
	const uint64_t v52 = v48 >> 4;
	const uint64_t v53 = v52 & UINT64_C(0xfffffffffffffff);
	const uint64_t v54 = v53 == 0u;
	const uint64_t v55 = !v54;
	const uint64_t v56 = v48 & UINT64_C(0xf);
	const uint64_t v57 = 8u <= v56;
	const uint64_t v58 = v51 | v55 | v57;
	const uint64_t v59 = !v58;
	const uint64_t v60 = UINT64_C(0x108);
	const uint64_t v61 = v55 | v57;
	const uint64_t v62 = v48 & UINT64_C(0x1ff);
	const uint64_t v63 = v61 ? 8u : v62;
	const uint64_t v64 = v60 <= v63;
	const uint64_t v65 = v59 | v64;
	const uint64_t v66 = UINT64_C(0x108);
	const uint64_t v67 = v48 & UINT64_C(0x1fff);
	const uint64_t v68 = v61 ? 8u : v67;
	const uint64_t v69 = v65 ? v66 : v68;
	const uint64_t v70 = v69 << 3;
	const uint64_t v71 = from((int64_t)v70, INT64_C(0));
	const uint64_t v72 = v71 & UINT64_C(0xffff);
	const uint64_t v73 = v47 | v72;
	const uint64_t v74 = ~v73 & UINT64_C(0xffff);
	const uint64_t v75 = v74 == 0u;
	const uint64_t v76 = v74 | 1u << 16;
	const uint64_t v77 = v34 * v76;
	const uint64_t v78 = v75 ? v0 : v77;
	return (int64_t)v78;
}

void sw_oracle_begin_config_read(const struct sw_oracle_transport *t, const struct sw_oracle_access *a,
		struct sw_oracle_call *call)
{
	(void)t;
	const uint64_t v0 = a->length;
	const uint64_t v1 = v0 == 0u;
	const uint64_t v2 = !v1;
	const uint64_t v3 = v0 >> 9;
	const uint64_t v4 = v3 & UINT64_C(0x7fffffffffffff);
	const uint64_t v5 = v4 == 0u;
	const uint64_t v6 = v0 & UINT64_C(0x1ff);
	const uint64_t v7 = UINT64_C(0x100);
	const uint64_t v8 = v6 <= v7;
	const uint64_t v9 = a->offset;
	const uint64_t v10 = UINT64_C(0x100);
	const uint64_t v11 = UINT64_C(0xffffffffffffffff);
	const uint64_t v12 = v11 * v0;
	const uint64_t v13 = v10 + v12;
	const uint64_t v14 = v9 <= v13;
	const uint64_t v15 = v2 & v5 & v8 & v14;
	call->issues = v15;
	if (!call->issues)
		return;
	call->kind = 2u;
	call->sent_len = 0u;
	call->reply_len = v0;
	call->bar_owner = 0u;
	call->bar = 0u;
	call->offset = v9;
	call->sent[0] = 0u;
	call->sent[1] = 0u;
	call->sent[2] = 0u;
	call->sent[3] = 0u;
	for (int64_t at = 256; at < (int64_t)(8 * call->sent_len); at += 64) {
		call->sent[at / 64] = 0u;
	}
}

int64_t sw_oracle_end_config_read(const struct sw_oracle_transport *t, const struct sw_oracle_access *a,
		const struct sw_oracle_reply *r, uint64_t *buffer)
{
	const uint64_t v0 = a->length;
	const uint64_t v1 = v0 == 0u;
	const uint64_t v2 = !v1;
	const uint64_t v3 = v0 >> 9;
	const uint64_t v4 = v3 & UINT64_C(0x7fffffffffffff);
	const uint64_t v5 = v4 == 0u;
	const uint64_t v6 = v0 & UINT64_C(0x1ff);
	const uint64_t v7 = UINT64_C(0x100);
	const uint64_t v8 = v6 <= v7;
	const uint64_t v9 = a->offset;
	const uint64_t v10 = UINT64_C(0x100);
	const uint64_t v11 = UINT64_C(0xffffffffffffffff);
	const uint64_t v12 = v11 * v0;
	const uint64_t v13 = v10 + v12;
	const uint64_t v14 = v9 <= v13;
	const uint64_t v15 = v2 & v5 & v8 & v14;
	if (!v15) {
		const uint64_t v16 = v1 ? 0u : v11;
		return (int64_t)v16;
	}
	for (int64_t at = 0; at < (int64_t)(8 * a->length); at += 64) {
		const uint64_t v17 = load(r->content, (at + 0), 2112);
		const uint64_t v18 = ~v17;
		const uint64_t v19 = v9 >> 9;
		const uint64_t v20 = v19 & UINT64_C(0x7fffffffffffff);
		const uint64_t v21 = v20 == 0u;
		const uint64_t v22 = !v21;
		const uint64_t v23 = v9 & UINT64_C(0x1ff);
		const uint64_t v24 = v7 <= v23;
		const uint64_t v25 = v22 | v24;
		const uint64_t v26 = UINT64_C(0x100);
		const uint64_t v27 = v9 & UINT64_C(0x1fff);
		const uint64_t v28 = v25 ? v26 : v27;
		const uint64_t v29 = v28 << 3;
		const uint64_t v30 = load(table1, ((at + (int64_t)v29) + 0), 2048);
		const uint64_t v31 = !v5;
		const uint64_t v32 = v7 <= v6;
		const uint64_t v33 = v31 | v32;
		const uint64_t v34 = v0 & UINT64_C(0x1fff);
		const uint64_t v35 = v33 ? v26 : v34;
		const uint64_t v36 = v35 << 3;
		const uint64_t v37 = from((int64_t)v36, (at + 0));
		const uint64_t v38 = v18 | v30 | v37;
		const uint64_t v39 = ~v38;
		const uint64_t v40 = t->virtio_id;
		const uint64_t v41 = v40 == 5u;
		const uint64_t v42 = UINT64_C(0x1002);
		const uint64_t v43 = v40 == 4u;
		const uint64_t v44 = UINT64_C(0x1005);
		const uint64_t v45 = v40 == 3u;
		const uint64_t v46 = UINT64_C(0x1003);
		const uint64_t v47 = v40 == 2u;
		const uint64_t v48 = UINT64_C(0x1001);
		const uint64_t v49 = v40 == 1u;
		const uint64_t v50 = UINT64_C(0x1000);
		const uint64_t v51 = v49 ? v50 : 0u;
		const uint64_t v52 = v47 ? v48 : v51;
		const uint64_t v53 = v45 ? v46 : v52;
		const uint64_t v54 = v43 ? v44 : v53;
		const uint64_t v55 = v41 ? v42 : v54;
		const uint64_t v56 = shifted(v55, ((at + (int64_t)v29) - 16));
		const uint64_t v57 = t->decode;
		const uint64_t v58 = v57 ? 1u : 0u;
		const uint64_t v59 = shifted(v58, ((at + (int64_t)v29) - 32));
		const uint64_t v60 =
			load(table2, ((at + (int64_t)v29) - 40), 96) >> 7 |
			load(table2, ((at + (int64_t)v29) + 24), 96) << 57;
		const uint64_t v61 = t->bar0;
		const uint64_t v62 = v61 >> 1;
		const uint64_t v63 = v62 & UINT64_C(0x7fffffff);
		const uint64_t v64 = ~v63 & UINT64_C(0x7fffffff);
		const uint64_t v65 = UINT64_C(0xffffffff);
		const uint64_t v66 = t->config_len;
		const uint64_t v67 = v66 >> 4;
		const uint64_t v68 = v67 & UINT64_C(0xfff);
		const uint64_t v69 = v68 == 0u;
		const uint64_t v70 = v66 & UINT64_C(0xf);
		const uint64_t v71 = v70 <= 8u;
		const uint64_t v72 = v69 & v71;
		const uint64_t v73 = UINT64_C(0x20);
		const uint64_t v74 = v66 >> 6;
		const uint64_t v75 = v74 & UINT64_C(0x3ff);
		const uint64_t v76 = v75 == 0u;
		const uint64_t v77 = v66 & UINT64_C(0x3f);
		const uint64_t v78 = UINT64_C(0x28);
		const uint64_t v79 = v77 <= v78;
		const uint64_t v80 = v76 & v79;
		const uint64_t v81 = UINT64_C(0x40);
		const uint64_t v82 = v66 >> 7;
		const uint64_t v83 = v82 & UINT64_C(0x1ff);
		const uint64_t v84 = v83 == 0u;
		const uint64_t v85 = v66 & UINT64_C(0x7f);
		const uint64_t v86 = UINT64_C(0x68);
		const uint64_t v87 = v85 <= v86;
		const uint64_t v88 = v84 & v87;
		const uint64_t v89 = UINT64_C(0x80);
		const uint64_t v90 = UINT64_C(0x100);
		const uint64_t v91 = v88 ? v89 : v90;
		const uint64_t v92 = v80 ? v81 : v91;
		const uint64_t v93 = v72 ? v73 : v92;
		const uint64_t v94 = (v65 + v93) & UINT64_C(0xffffffff);
		const uint64_t v95 = v94 >> 1;
		const uint64_t v96 = v95 & UINT64_C(0x7fffffff);
		const uint64_t v97 = v64 | v96;
		const uint64_t v98 = ~v97 & UINT64_C(0x7fffffff);
		const uint64_t v99 = shifted(v98, ((at + (int64_t)v29) - 129));
		const uint64_t v100 = load(table3, ((at + (int64_t)v29) - 160), 208);
		const uint64_t v101 = shifted(v40, ((at + (int64_t)v29) - 368));
		const uint64_t v102 = v56 | v59 | v60 | v99 | v100 | v101;
		const uint64_t v103 = v39 | v102;
		const uint64_t v104 = ~v103;
		const uint64_t v105 = v104 | v37;
		const uint64_t v106 = ~v105;
		const uint64_t v107 = load(a->payload, (((at - (int64_t)v36) + (int64_t)v36) + 0), 2048);
		const uint64_t v108 = v107 & within(((at - (int64_t)v36) + 0), 2048);
		const uint64_t v109 = v106 | v108;
		buffer[at / 64] = v109;
	}
	return (int64_t)v0;
}

void sw_oracle_begin_config_write(const struct sw_oracle_transport *t, const struct sw_oracle_access *a,
		struct sw_oracle_call *call)
{
	(void)t;
	const uint64_t v0 = a->length;
	const uint64_t v1 = v0 == 0u;
	const uint64_t v2 = !v1;
	const uint64_t v3 = v0 >> 9;
	const uint64_t v4 = v3 & UINT64_C(0x7fffffffffffff);
	const uint64_t v5 = v4 == 0u;
	const uint64_t v6 = v0 & UINT64_C(0x1ff);
	const uint64_t v7 = UINT64_C(0x100);
	const uint64_t v8 = v6 <= v7;
	const uint64_t v9 = a->offset;
	const uint64_t v10 = UINT64_C(0x100);
	const uint64_t v11 = UINT64_C(0xffffffffffffffff);
	const uint64_t v12 = v11 * v0;
	const uint64_t v13 = v10 + v12;
	const uint64_t v14 = v9 <= v13;
	const uint64_t v15 = v2 & v5 & v8 & v14;
	call->issues = v15;
	if (!call->issues)
		return;
	call->kind = 3u;
	call->sent_len = v0;
	call->reply_len = 0u;
	call->bar_owner = 0u;
	call->bar = 0u;
	call->offset = v9;
	const uint64_t v16 = load(a->payload, INT64_C(0), 2048);
	const uint64_t v17 = ~v16 & UINT64_C(0xffffffffffffffff);
	const uint64_t v18 = !v5;
	const uint64_t v19 = v7 <= v6;
	const uint64_t v20 = v18 | v19;
	const uint64_t v21 = UINT64_C(0x100);
	const uint64_t v22 = v0 & UINT64_C(0x1fff);
	const uint64_t v23 = v20 ? v21 : v22;
	const uint64_t v24 = v23 << 3;
	const uint64_t v25 = from((int64_t)v24, INT64_C(0));
	const uint64_t v26 = v17 | v25;
	const uint64_t v27 = ~v26 & UINT64_C(0xffffffffffffffff);
	call->sent[0] = v27;
	const uint64_t v28 = load(a->payload, INT64_C(64), 2048);
	const uint64_t v29 = ~v28 & UINT64_C(0xffffffffffffffff);
	const uint64_t v30 = from((int64_t)v24, INT64_C(64));
	const uint64_t v31 = v29 | v30;
	const uint64_t v32 = ~v31 & UINT64_C(0xffffffffffffffff);
	call->sent[1] = v32;
	const uint64_t v33 = load(a->payload, INT64_C(128), 2048);
	const uint64_t v34 = ~v33 & UINT64_C(0xffffffffffffffff);
	const uint64_t v35 = from((int64_t)v24, INT64_C(128));
	const uint64_t v36 = v34 | v35;
	const uint64_t v37 = ~v36 & UINT64_C(0xffffffffffffffff);
	call->sent[2] = v37;
	const uint64_t v38 = load(a->payload, INT64_C(192), 2048);
	const uint64_t v39 = ~v38 & UINT64_C(0xffffffffffffffff);
	const uint64_t v40 = from((int64_t)v24, INT64_C(192));
	const uint64_t v41 = v39 | v40;
	const uint64_t v42 = ~v41 & UINT64_C(0xffffffffffffffff);
	call->sent[3] = v42;
	for (int64_t at = 256; at < (int64_t)(8 * call->sent_len); at += 64) {
		const uint64_t v43 = load(a->payload, ((at - 256) + 256), 2048);
		const uint64_t v44 = ~v43;
		const uint64_t v45 = from((int64_t)v24, ((at - 256) + 256));
		const uint64_t v46 = v44 | v45;
		const uint64_t v47 = ~v46;
		call->sent[at / 64] = v47;
	}
}

int64_t sw_oracle_end_config_write(struct sw_oracle_transport *t, const struct sw_oracle_access *a)
{
	const uint64_t v0 = a->length;
	const uint64_t v1 = v0 == 0u;
	const uint64_t v2 = !v1;
	const uint64_t v3 = v0 >> 9;
	const uint64_t v4 = v3 & UINT64_C(0x7fffffffffffff);
	const uint64_t v5 = v4 == 0u;
	const uint64_t v6 = v0 & UINT64_C(0x1ff);
	const uint64_t v7 = UINT64_C(0x100);
	const uint64_t v8 = v6 <= v7;
	const uint64_t v9 = a->offset;
	const uint64_t v10 = UINT64_C(0x100);
	const uint64_t v11 = UINT64_C(0xffffffffffffffff);
	const uint64_t v12 = v11 * v0;
	const uint64_t v13 = v10 + v12;
	const uint64_t v14 = v9 <= v13;
	const uint64_t v15 = v2 & v5 & v8 & v14;
	if (!v15) {
		const uint64_t v16 = v1 ? 0u : v11;
		return (int64_t)v16;
	}
	const uint64_t v17 = v9 >> 9;
	const uint64_t v18 = v17 & UINT64_C(0x7fffffffffffff);
	const uint64_t v19 = v18 == 0u;
	const uint64_t v20 = !v19;
	const uint64_t v21 = v9 & UINT64_C(0x1ff);
	const uint64_t v22 = v7 <= v21;
	const uint64_t v23 = v20 | v22;
	const uint64_t v24 = UINT64_C(0x100);
	const uint64_t v25 = v9 & UINT64_C(0x1fff);
	const uint64_t v26 = v23 ? v24 : v25;
	const uint64_t v27 = v26 << 3;
	const uint64_t v28 = !v5;
	const uint64_t v29 = v7 <= v6;
	const uint64_t v30 = v28 | v29;
	const uint64_t v31 = v0 & UINT64_C(0x1fff);
	const uint64_t v32 = v30 ? v24 : v31;
	const uint64_t v33 = v32 << 3;
	const uint64_t v34 =
		from((int64_t)v33, ((-(int64_t)v27) + 32)) & within(((-(int64_t)v27) + 32), 2048);
	const uint64_t v35 = ~v34 & within(((-(int64_t)v27) + 32), 2048);
	const uint64_t v36 = v35 & within(INT64_C(32), 2048);
	const uint64_t v37 = v36 & 1u;
	const uint64_t v38 = v37 == 1u;
	const uint64_t v39 = load(a->payload, ((-(int64_t)v27) + 32), 2048);
	const uint64_t v40 = ~v39 & within(((-(int64_t)v27) + 32), 2048);
	const uint64_t v41 = v40 | v34;
	const uint64_t v42 = ~v41 & within(((-(int64_t)v27) + 32), 2048);
	const uint64_t v43 = v42 & within(INT64_C(32), 2048);
	const uint64_t v44 = v43 & 1u;
	const uint64_t v45 = v44 == 1u;
	const uint64_t v46 = t->decode;
	const uint64_t v47 = v38 ? v45 : v46;
	const uint64_t v48 = load(a->payload, ((-(int64_t)v27) + 128), 2048);
	const uint64_t v49 = ~v48 & within(((-(int64_t)v27) + 128), 2048);
	const uint64_t v50 =
		from((int64_t)v33, ((-(int64_t)v27) + 128)) & within(((-(int64_t)v27) + 128), 2048);
	const uint64_t v51 = v49 | v50;
	const uint64_t v52 = ~v51 & within(((-(int64_t)v27) + 128), 2048);
	const uint64_t v53 = v52 & UINT64_C(0xffffffff);
	const uint64_t v54 = t->bar0;
	const uint64_t v55 = ~v54 & UINT64_C(0xffffffff);
	const uint64_t v56 = ~v50 & within(((-(int64_t)v27) + 128), 2048);
	const uint64_t v57 = v56 & UINT64_C(0xffffffff);
	const uint64_t v58 = v55 | v57;
	const uint64_t v59 = ~v58 & UINT64_C(0xffffffff);
	const uint64_t v60 = v53 | v59;
	t->decode = (uint8_t)v47;
	t->bar0 = (uint32_t)v60;
	return (int64_t)v0;
}
