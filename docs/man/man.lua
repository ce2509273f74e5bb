-- Makes a manual page of a document whose first heading is "NAME(SECTION): description". Usage:
--     pandoc -s -f gfm -t man -L docs/man/man.lua -M footer="ffntp VERSION" docs/ffntp.md
-- The heading becomes the page's title and its section NAME; a code block right behind it, SYNOPSIS; the text up to the next
-- heading, DESCRIPTION. A table of two columns, or with long cells, becomes a list of terms,
-- because it fits any width. Links to other documents
-- keep their text only.

local function text(inlines)
	return pandoc.utils.stringify(inlines)
end

local function section(name, blocks, into)
	into:insert(pandoc.Header(1, pandoc.Str(name)))
	into:extend(blocks)
end

local function link(element)
	if element.target:match("^https?:") then
		return element.content .. { pandoc.Str(" <" .. element.target .. ">") }
	end
	return element.content
end

local function promote(header)
	header.level = math.max(1, header.level - 1)
	if header.level == 1 then
		header = header:walk { Str = function(element) return pandoc.Str(element.text:upper()) end }
	end
	return header
end

-- A cell longer than this does not fit into a column of a terminal, and groff does not break a cell over pages.
local longest_cell = 60

local function has_long_cell(rows)
	for _, row in ipairs(rows) do
		for _, cell in ipairs(row) do
			if #text(cell) > longest_cell then
				return true
			end
		end
	end
	return false
end

-- Give each column the room of its longest cell, or, if that is too much for a terminal, of its longest word. Otherwise tbl makes
-- all columns equally wide, and groff warns of a word that is longer, such as an option, in which pandoc 3 allows no break.
local page_width = 70 -- n; what pandoc takes for the whole

local function set_widths(element, simple)
	local longest, total = {}, 0

	for column = 1, #simple.aligns do
		longest[column] = { cell = 1, word = 1 }
		for _, row in ipairs({ simple.header, table.unpack(simple.rows) }) do
			local words = text(row[column])

			longest[column].cell = math.max(longest[column].cell, #words)
			for word in words:gmatch("%S+") do
				longest[column].word = math.max(longest[column].word, #word)
			end
		end
		total = total + longest[column].cell
	end
	element.colspecs = element.colspecs:map(function(spec, column)
		local share = math.min(1, page_width / total) * longest[column].cell

		return { spec[1], math.max(share, longest[column].word + 1) / page_width }
	end)
	return element
end

-- The last column describes; those before it, separated by dashes, are the term.
local function terms(element)
	local items = pandoc.List()
	local simple = pandoc.utils.to_simple_table(element)

	if #simple.aligns ~= 2 and not has_long_cell(simple.rows) then
		return set_widths(element, simple)
	end
	for _, row in ipairs(simple.rows) do
		local term = pandoc.List()

		for column = 1, #row - 1 do
			if column > 1 and #row[column] > 0 then
				term:insert(pandoc.Str(" - "))
			end
			term:extend(pandoc.utils.blocks_to_inlines(row[column]))
		end
		items:insert { term, { row[#row] } }
	end
	return pandoc.DefinitionList(items)
end

function Pandoc(document)
	local blocks = pandoc.List(document.blocks)
	local title = blocks:remove(1)
	local name, number, description = text(title.content):match("^(%S+)%((%d)%): (.*)$")
	local result, introduction = pandoc.List(), pandoc.List()

	assert(name, "the first heading is not 'NAME(SECTION): description'")
	document.meta.title = name:upper()
	document.meta.section = number
	-- On a terminal there is one page: a row of a table that ends a page would be a warning.
	result:insert(pandoc.RawBlock("man", ".if n .pl 10000v"))
	section("NAME", { pandoc.Para { pandoc.Str(name .. " - " .. description) } }, result)
	if blocks[1].t == "CodeBlock" then
		section("SYNOPSIS", { blocks:remove(1) }, result)
	end
	while blocks[1] and blocks[1].t ~= "Header" do
		introduction:insert(blocks:remove(1))
	end
	section("DESCRIPTION", introduction, result)
	for _, block in ipairs(blocks) do
		result:insert(block.t == "Header" and promote(block) or block)
	end
	return pandoc.Pandoc(result, document.meta):walk { Link = link, Table = terms }
end
