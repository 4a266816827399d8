// Style, skeleton and script of the HTML report. No libraries, no network; light and dark by the reader's setting.
#include "engines/compare/report/html_page.h"

namespace chiron::compare {

const std::string_view kHtmlStyle = R"css(
:root{--bg:#f6f7f9;--card:#fff;--ink:#1d2430;--soft:#68748a;--line:#e1e5ec;--accent:#3457d5;--accent-soft:#e8edfd;
--del:#c02f3f;--del-bg:#fdeced;--del-word:#f7c3c8;--add:#18794e;--add-bg:#e7f6ec;--add-word:#b5e4c6;--meta:#8a5a00;
--meta-bg:#fdf3dc;--band:#dfe4ee;--band2:#cfd6e4;--mono:ui-monospace,SFMono-Regular,"DejaVu Sans Mono",Menlo,Consolas,monospace}
@media(prefers-color-scheme:dark){:root{--bg:#12151b;--card:#1a1f28;--ink:#dfe5ef;--soft:#8d99ae;--line:#2a313d;
--accent:#8aa4ff;--accent-soft:#232c47;--del:#ff8a94;--del-bg:#35191d;--del-word:#6d2a32;--add:#7ddba3;--add-bg:#15301f;
--add-word:#235e3a;--meta:#f0c066;--meta-bg:#352a12;--band:#2a313d;--band2:#38414f}}
*{box-sizing:border-box}
html,body{height:100%;margin:0}
body{background:var(--bg);color:var(--ink);font:14px/1.5 system-ui,-apple-system,"Segoe UI","DejaVu Sans",sans-serif;
display:grid;grid-template:auto 1fr/minmax(260px,24vw) 1fr}
header{grid-column:1/3;background:var(--card);border-bottom:1px solid var(--line);padding:14px 22px 12px}
h1{font-size:16px;font-weight:600;margin:0 0 6px;display:flex;gap:10px;align-items:baseline;flex-wrap:wrap;word-break:break-all}
h1 span{color:var(--soft);font-weight:400}
.chips{display:flex;gap:6px;flex-wrap:wrap;align-items:center}
.chip{border-radius:99px;padding:1px 10px;font-size:12px;background:var(--accent-soft);color:var(--accent);white-space:nowrap}
.chip.del{background:var(--del-bg);color:var(--del)}.chip.add{background:var(--add-bg);color:var(--add)}
.chip.meta{background:var(--meta-bg);color:var(--meta)}.chip.soft{background:var(--band);color:var(--soft)}
nav{overflow:auto;border-right:1px solid var(--line);padding:10px 0 30px;background:var(--card)}
nav .tools{position:sticky;top:-10px;background:var(--card);padding:10px 14px 8px;z-index:2;margin-top:-10px}
input[type=search]{width:100%;padding:7px 11px;border:1px solid var(--line);border-radius:8px;background:var(--bg);
color:var(--ink);font:inherit}
input[type=search]:focus{outline:2px solid var(--accent);border-color:transparent}
.tools label{font-size:12px;color:var(--soft);display:inline-flex;gap:5px;align-items:center;margin:7px 12px 0 0;cursor:pointer}
.row{display:flex;align-items:center;gap:6px;padding:3px 14px;cursor:pointer;font-size:13px;white-space:nowrap;border-left:3px solid transparent}
.row:hover{background:var(--bg)}.row.on{background:var(--accent-soft);border-left-color:var(--accent)}
.row .tw{width:12px;flex:none;color:var(--soft);font-size:10px;text-align:center}
.row .nm{overflow:hidden;text-overflow:ellipsis;flex:1;min-width:0}
.row .n{color:var(--soft);font-size:11px}
.dot{width:8px;height:8px;border-radius:50%;flex:none;background:var(--accent)}
.dot.only-in-a{background:var(--del)}.dot.only-in-b{background:var(--add)}.dot.metadata,.dot.header,.dot.order{background:#e0a020}
.dot.error{background:#b04ad8}.dot.renamed{background:#2aa5b8}.dot.group{background:var(--band2)}
.ignored{opacity:.5}
main{overflow:auto;padding:18px 22px 60px}
.crumbs{font-size:12px;color:var(--soft);margin-bottom:10px;word-break:break-all}
.crumbs a{color:var(--accent);text-decoration:none;cursor:pointer}
.card{background:var(--card);border:1px solid var(--line);border-radius:12px;margin:0 0 14px;overflow:hidden}
.card>.head{padding:11px 16px;display:flex;gap:10px;align-items:center;flex-wrap:wrap}
.card .head b{font-size:14px;word-break:break-all;cursor:pointer}.card .head b:hover{color:var(--accent)}
.way a{color:var(--accent);cursor:pointer}.map .way{margin-bottom:6px}
.way{color:var(--soft);font-size:12.5px;overflow-wrap:anywhere}
.members{display:flex;flex-wrap:wrap;gap:4px 14px}.members a{font:12px var(--mono);color:var(--accent);cursor:pointer;word-break:break-all}
.facts{color:var(--soft);font-size:12px;font-variant-numeric:tabular-nums}
.card .sub{padding:0 16px 14px}
.note{color:var(--meta);font-size:12.5px;margin:0 16px 8px}
table.props{border-collapse:collapse;width:100%;font-size:13px}
table.props td,table.props th{padding:5px 16px;text-align:left;border-top:1px solid var(--line);vertical-align:top}
table.props th{color:var(--soft);font-weight:500;font-size:12px}
table.props code{word-break:break-all}
code{font-family:var(--mono);font-size:12.5px}
.was{color:var(--del)}.now{color:var(--add)}
.diff{font-family:var(--mono);font-size:12.5px;line-height:1.45;overflow-x:auto;border-top:1px solid var(--line)}
.diff table{border-collapse:collapse;min-width:100%}
.diff td{padding:0 10px;white-space:pre-wrap;word-break:break-word;vertical-align:top;tab-size:8}
.diff.hex td{white-space:pre;word-break:normal}
.diff td.no{color:var(--soft);text-align:right;user-select:none;width:1%;white-space:nowrap;opacity:.75;font-size:11px}
.diff tr.at td{background:var(--accent-soft);color:var(--accent);padding:2px 10px}
.diff .d{background:var(--del-bg)}.diff .a{background:var(--add-bg)}
.diff .d mark{background:var(--del-word)}.diff .a mark{background:var(--add-word)}
mark{color:inherit;border-radius:3px}::highlight(found){background:#ffd54a;color:#1d2430}
#hits{font-size:12px;color:var(--soft);margin-top:6px}#hits:empty{display:none}
.map{padding:12px 16px 6px}
.map canvas{width:100%;height:46px;display:block;border-radius:7px;cursor:crosshair}
.map .legend{display:flex;justify-content:space-between;font-size:11px;color:var(--soft);margin-top:4px;font-variant-numeric:tabular-nums}
#tip{position:fixed;pointer-events:none;background:var(--ink);color:var(--bg);padding:4px 9px;border-radius:7px;font-size:12px;
display:none;z-index:9;max-width:60vw;word-break:break-all}
.more{display:block;width:100%;border:0;border-top:1px solid var(--line);background:none;color:var(--accent);padding:8px;cursor:pointer;font:inherit}
.empty{text-align:center;color:var(--soft);padding:60px}
button.mode{border:1px solid var(--line);background:none;color:var(--soft);border-radius:7px;padding:3px 10px;font:inherit;font-size:12px;cursor:pointer}
button.mode:hover{color:var(--accent);border-color:var(--accent)}
@media(max-width:800px){body{grid-template:auto auto 1fr/1fr}header{grid-column:1}nav{max-height:34vh;border-right:0;border-bottom:1px solid var(--line)}}
@media(max-width:520px){header{padding:10px 14px 8px}h1{font-size:14px;gap:4px 8px;margin-bottom:5px}main{padding:12px 10px 40px}
.card>.head{padding:9px 12px;gap:4px 8px}table.props td,table.props th{padding:4px 8px}table.props td:nth-child(4),table.props th:nth-child(4){display:none}
.diff td.no{padding:0 4px}.diff td{padding:0 6px}nav{max-height:28vh}}
@media print{nav{display:none}body{display:block}main{overflow:visible}}
)css";

const std::string_view kHtmlBody = R"html(<header><h1 id="title"></h1><div class="chips" id="chips"></div></header>
<nav><div class="tools"><input type="search" id="find" placeholder="Search  ( / )" title="Names, values, lines; the key / comes here, j and k go down and up" aria-label="Search">
<div id="hits" role="status"></div><label><input type="checkbox" id="noise"> hide noise</label><label><input type="checkbox" id="split"> side by side</label></div>
<div id="tree" role="tree"></div></nav>
<main id="main"></main><div id="tip"></div>
)html";

const std::string_view kHtmlScript = R"js(
"use strict";
const data=JSON.parse(document.getElementById("data").textContent),root=data.difference;
const $=id=>document.getElementById(id);
const el=(tag,cls,text)=>{const e=document.createElement(tag);if(cls)e.className=cls;if(text!==undefined)e.textContent=text;return e};
const num=n=>n.toLocaleString("en-US");
const bytes=n=>n<1024?n+" B":n<1048576?(n/1024).toFixed(1)+" KiB":n<1073741824?(n/1048576).toFixed(1)+" MiB":(n/1073741824).toFixed(2)+" GiB";
const hex=n=>"0x"+n.toString(16);
let id=0;const nodes=[];
(function walk(stack){while(stack.length){const[n,p]=stack.pop();n.id=id++;n.parent=p;nodes.push(n);n.children=n.children||[];
 for(let i=n.children.length-1;i>=0;--i)stack.push([n.children[i],n])}})([[root,null]]);
for(let i=nodes.length-1;i>=0;--i){const n=nodes[i];const own=n.kind!=="group"&&(n.kind!=="content"||!n.children.length)?1:0;
 n.total=n.children.reduce((s,c)=>s+c.total,own)}
const isField=n=>n.old!==undefined&&!n.children.length&&!n.hunks;
const title=n=>n.a===n.b||!n.b?n.a||"":!n.a?n.b:n.a+" → "+n.b;
const quiet=n=>n.ignored||n.noise;
let selected=root,query="",matches=null;
const open=new Set([root.id]);
function visible(n){return!(($("noise").checked)&&allNoise(n))&&(!matches||matches.has(n.id))}
const noiseMemo=new Map();
function allNoise(n){if(noiseMemo.has(n.id))return noiseMemo.get(n.id);
 const r=quiet(n)||(n.kind==="group"&&n.children.length>0&&n.children.every(allNoise));noiseMemo.set(n.id,r);return r}

// The folders that both paths share say nothing here.
function tails(a,b){if(!a||!b)return[a||"",b||""];let s=0;for(let i=0;i<Math.min(a.length,b.length)&&a[i]===b[i];++i)if(a[i]==="/")s=i+1;
 return s>1&&s<a.length&&s<b.length?["…/"+a.slice(s),"…/"+b.slice(s)]:[a,b]}
function header(){const h=$("title"),[ta,tb]=tails(root.a,root.b);h.append(el("b","",ta),el("span","","↔"),el("b","",tb));h.title=(root.a||"")+"\n"+(root.b||"");
 const c=data.counts,chips=$("chips");
 const add=(n,one,many,cls)=>{if(n)chips.append(el("span","chip "+(cls||""),num(n)+" "+(n===1?one:many)))};
 if(!data.differs&&!nodes.some(n=>n.kind!=="group"))chips.append(el("span","chip add","no difference"));
 add(c.content,"content differs","contents differ","");add(c.metadata,"property","properties","meta");add(c.order,"order","orders","meta");
 add(c.renamed,"renamed","renamed","");add(c.only_in_a,"only in a","only in a","del");add(c.only_in_b,"only in b","only in b","add");
 add(c.errors,"unreadable","unreadable","del");add(c.ignored,"ignored","ignored","soft");
 add(nodes.filter(n=>n.left_off).length,"without its content (--max-report)","without their content (--max-report)","del");add(data.excluded_count||0,"left out by --exclude","left out by --exclude","soft");
 if(root.size_a||root.size_b)chips.append(el("span","facts",bytes(root.size_a||0)+" ↔ "+bytes(root.size_b||0)))}

const kLimit=400;
function tree(){const box=$("tree");box.replaceChildren();let shown=0;
 const add=(n,depth)=>{if(!visible(n)||isField(n)&&n!==selected&&!matches)return;
  if(++shown>kLimit*10){if(shown===kLimit*10+1)box.append(el("div","row facts","more rows than fit here: search, or open a part"));return}
  const r=el("div","row"+(n===selected?" on":"")+(quiet(n)?" ignored":""));r.style.paddingLeft=14+depth*14+"px";
  const kids=n.children.filter(c=>!isField(c)||matches);
  const isOpen=open.has(n.id)||!!matches;
  const tw=el("span","tw",kids.length?(isOpen?"▾":"▸"):"");
  tw.onclick=e=>{e.stopPropagation();isOpen?open.delete(n.id):open.add(n.id);tree()};
  r.append(tw,el("span","dot "+n.kind),el("span","nm",n===root?"whole artifact":title(n)),el("span","n",n.total>1?num(n.total):""));r.title=title(n);
  r.onclick=()=>select(n);box.append(r);
  if(isOpen&&kids.length){let k=0;const limit=n.limit||kLimit;
   for(const c of kids){if(!visible(c))continue;if(++k>limit){const m=el("div","row");m.style.paddingLeft=28+depth*14+"px";
     m.append(el("span","facts","… "+num(kids.length-limit)+" more"));m.onclick=()=>{n.limit=limit+2000;tree()};box.append(m);break}
    add(c,depth+1)}}};
 add(root,0);if(!shown)box.append(el("div","empty","nothing matches"))}

function select(n,scroll){selected=n;for(let p=n.parent;p;p=p.parent)open.add(p.id);open.add(n.id);location.hash="n"+n.id;tree();detail();
 if(scroll!==false)$("main").scrollTop=0;const on=document.querySelector(".row.on");if(on)on.scrollIntoView({block:"nearest"})}

function facts(n){const f=[];if(n.format)f.push(n.format);if(n.kind!=="group"&&n.kind!=="content")f.push(n.kind.replaceAll("-"," "));
 if(n.size_a!==undefined)f.push(n.size_a===n.size_b?bytes(n.size_a):bytes(n.size_a)+" ↔ "+bytes(n.size_b));
 if(n.extent_count)f.push(num(n.differing_bytes)+(n.differing_bytes===1?" byte in ":" bytes in ")+num(n.extent_count)+(n.extent_count===1?" place":" places")+", first at "+hex(n.extents[0][0]));
 if(n.lines_added||n.lines_removed)f.push("+"+num(n.lines_added)+" −"+num(n.lines_removed)+" lines");
 const p=place(n);if(p)f.push("at "+p);if(n.ignored)f.push("ignored: "+(n.noise||n.reason));else if(n.noise)f.push("noise: "+n.noise);return f.join(" · ")}
function place(n){if(!n.place_a)return"";const one=r=>hex(r[0])+"+"+r[1];const a=n.place_a,b=n.place_b;
 if(a[0]===b[0]&&a[1]===b[1])return one(a);if(!a[1])return"b "+one(b);if(!b[1])return"a "+one(a);return"a "+one(a)+", b "+one(b)}

function words(td,text,other){ // marks the middle in which two paired lines differ, word by word at the ends
 if(other===undefined){td.textContent=text;return}
 let s=0,m=Math.min(text.length,other.length);while(s<m&&text[s]===other[s])++s;
 let e=0;while(e<m-s&&text[text.length-1-e]===other[other.length-1-e])++e;
 if(s+e<text.length*.15){td.textContent=text;return}
 td.append(text.slice(0,s));const k=el("mark","",text.slice(s,text.length-e));td.append(k,text.slice(text.length-e))}
function pairs(lines){const out=[];for(let i=0;i<lines.length;){if(lines[i][0]===" "){out.push([lines[i].slice(1),lines[i].slice(1),true]);++i;continue}
 const d=[],a=[];while(i<lines.length&&lines[i][0]==="-")d.push(lines[i++].slice(1));while(i<lines.length&&lines[i][0]==="+")a.push(lines[i++].slice(1));
 for(let k=0;k<Math.max(d.length,a.length);++k)out.push([d[k],a[k],false])}return out}
function diffTable(n){const wrap=el("div","diff"),t=el("table");wrap.append(t);const split=$("split").checked;
 let budget=n.budget||600;const hunks=n.hunks;let done=true;
 for(const h of hunks){if(budget<=0){done=false;break}
  const at=el("tr","at"),td=el("td","","lines "+h.a[0]+"–"+(h.a[0]+Math.max(0,h.a[1]-1))+" ↔ "+h.b[0]+"–"+(h.b[0]+Math.max(0,h.b[1]-1)));
  td.colSpan=4;at.append(td);t.append(at);let x=h.a[0],y=h.b[0];const P=pairs(h.lines);budget-=h.lines.length;
  if(split){for(const[d,a,same]of P){const r=el("tr");const c1=el("td",same?"":d!==undefined?"d":""),c2=el("td",same?"":a!==undefined?"a":"");
    c1.style.width=c2.style.width="49%";
    if(d!==undefined)same?c1.textContent=d:words(c1,d,a);if(a!==undefined)same?c2.textContent=a:words(c2,a,d);
    r.append(el("td","no",d!==undefined?x++:""),c1,el("td","no",a!==undefined?y++:""),c2);t.append(r)}}
  else{let i=0;while(i<P.length){if(P[i][2]){const r=el("tr");r.append(el("td","no",x++),el("td","no",y++),el("td","","  "+P[i][0]));t.append(r);++i;continue}
    let j=i;while(j<P.length&&!P[j][2])++j;
    for(let k=i;k<j;++k)if(P[k][0]!==undefined){const r=el("tr","d"),c=el("td");c.append("− ");const s=el("span");words(s,P[k][0],P[k][1]);c.append(s);r.append(el("td","no",x++),el("td","no"),c);t.append(r)}
    for(let k=i;k<j;++k)if(P[k][1]!==undefined){const r=el("tr","a"),c=el("td");c.append("+ ");const s=el("span");words(s,P[k][1],P[k][0]);c.append(s);r.append(el("td","no"),el("td","no",y++),c);t.append(r)}
    i=j}}}
 const parts=[wrap];
 if(!done){const b=el("button","more","show more of "+num(hunks.length)+" hunks");b.onclick=()=>{n.budget=(n.budget||600)*8;const nw=diffTable(n);parts[0].replaceWith(...nw);b.remove()};parts.push(b)}
 if(n.hunks_left_off)parts.push(el("div","note",num(n.hunks_left_off)+" more hunks are not in this report"));return parts}
function hexRow(b,i,o){const part=b.slice(i*32,i*32+32);if(!part)return null;const cells=part.match(/../g);
 return{addr:(o+i*16).toString(16).padStart(8,"0"),cells,ascii:cells.map(c=>{const v=parseInt(c,16);return v>31&&v<127?String.fromCharCode(v):"·"})}}
function hexLine(td,row,other){td.append(row.addr+"  ");
 const put=(get,sep)=>row.cells.forEach((c,i)=>{const diff=!other||other.cells[i]!==c;const v=get(i);diff?td.append(el("mark","",v)):td.append(v);if(sep)td.append(i===7?"  ":" ")});
 put(i=>row.cells[i],true);td.append("   ".repeat(16-row.cells.length)+" ");put(i=>row.ascii[i],false)}
function hexTable(n){const wrap=el("div","diff hex"),t=el("table");wrap.append(t);
 for(const w of n.windows){const at=el("tr","at"),td=el("td","","bytes at "+hex(w.offset_a)+(w.offset_a===w.offset_b?"":" ↔ "+hex(w.offset_b)));at.append(td);t.append(at);
  const rows=Math.max(Math.ceil(w.bytes_a.length/32),Math.ceil(w.bytes_b.length/32));
  for(let i=0;i<rows;++i){const a=hexRow(w.bytes_a,i,w.offset_a),b=hexRow(w.bytes_b,i,w.offset_b);
   if(a&&b&&a.cells.join()===b.cells.join()&&w.offset_a===w.offset_b){const r=el("tr"),c=el("td");c.append("  ");hexLine(c,a,b);r.append(c);t.append(r);continue}
   if(a){const r=el("tr","d"),c=el("td");c.append("− ");hexLine(c,a,b);r.append(c);t.append(r)}
   if(b){const r=el("tr","a"),c=el("td");c.append("+ ");hexLine(c,b,a);r.append(c);t.append(r)}}}
 const parts=[wrap];if(n.windows_left_off)parts.push(el("div","note",num(n.windows_left_off)+" more differing ranges are not shown as bytes"));return parts}

function map(n){if(!n.extent_count||(n.size_a||0)+(n.size_b||0)<64)return null;
 const box=el("div","map"),cv=el("canvas");box.append(cv);const size=Math.max(n.size_a,n.size_b);
 const lg=el("div","legend");lg.append(el("span","","0"),el("span","","where the bytes differ: a above, b below"),el("span","",hex(size)));box.append(lg);
 const members=n.children.filter(c=>c.place_a);
 requestAnimationFrame(()=>{const r=devicePixelRatio||1,W=cv.clientWidth,H=46;if(!W)return;cv.width=W*r;cv.height=H*r;const g=cv.getContext("2d");g.scale(r,r);
  const css=getComputedStyle(document.documentElement),col=v=>css.getPropertyValue(v).trim();
  const lane=(s,y)=>{g.fillStyle=col("--band");g.fillRect(0,y,W*s/size,21)};lane(n.size_a,0);lane(n.size_b,25);
  g.fillStyle=col("--band2");for(const m of members)for(const[p,y]of[[m.place_a,0],[m.place_b,25]])if(p[1])g.fillRect(p[0]/size*W,y,Math.max(1,p[1]/size*W),21);
  const paint=(k,y,c)=>{g.fillStyle=c;for(const e of n.extents){const x=e[k]/size*W,w=Math.max(1.5,e[k+1]/size*W);if(e[k+1])g.fillRect(x,y,w,21)}};
  paint(0,0,col("--del"));paint(2,25,col("--add"))});
 const hit=ev=>{const b=cv.getBoundingClientRect(),o=Math.floor((ev.clientX-b.left)/b.width*size),k=ev.clientY-b.top<23?"place_a":"place_b";
  let best=null;for(const m of members){const p=m[k];if(p[1]&&o>=p[0]&&o<p[0]+p[1])best=m}return[o,best]};
 cv.onmousemove=ev=>{const[o,m]=hit(ev),t=$("tip");t.textContent=hex(o)+(m?" · "+title(m):"");t.style.display="block";t.style.left=Math.min(ev.clientX+12,innerWidth-260)+"px";t.style.top=ev.clientY+16+"px"};
 cv.onmouseleave=()=>$("tip").style.display="none";cv.onclick=ev=>{const m=hit(ev)[1];if(m)select(m)};return box}

function props(fields){const t=el("table","props"),h=el("tr");for(const x of["property","a","b","where"])h.append(el("th","",x));t.append(h);
 for(const f of fields){const r=el("tr",quiet(f)?"ignored":"");const v=(cls,x)=>{const td=el("td");td.append(el("code",cls,x));return td};
  const n=el("td","",f.field||title(f));if(f.noise||f.reason)n.title=f.noise||f.reason;r.append(n,v("was",f.old),v("now",f.new),el("td","facts",place(f)));t.append(r);
  if(f.comments){const c=el("tr"),td=el("td","facts",f.comments.join(" · "));td.colSpan=4;c.append(td);t.append(c)}}return t}
function more(text,act){const b=el("button","more",text);b.onclick=()=>act(b);return b}
function card(n,top){const c=el("section","card"+(quiet(n)?" ignored":"")),h=el("div","head");const b=el("b","",top&&!n.parent?"whole artifact":title(n));b.onclick=()=>select(n);
 const way=top?"":trail(n);h.append(el("span","dot "+n.kind));if(way)h.append(el("span","way",way));h.append(b,el("span","facts",facts(n)));c.append(h);
 if(n.left_off)c.append(el("div","note","left off here: "+n.left_off));
 const notes=n.comments||[],room=top?500:6;for(const m of notes.slice(0,room))c.append(el("div","note",m));
 if(notes.length>room)c.append(more("all "+num(notes.length)+" notes",b=>b.replaceWith(...notes.slice(room).map(m=>el("div","note",m)))));
 const mp=top||n.windows||n.hunks?map(n):null;if(mp)c.append(mp);
 if(isField(n))c.append(props([n]));
 if(n.hunks)c.append(...diffTable(n));if(n.windows)c.append(...hexTable(n));
 const f=n.children.filter(x=>isField(x)&&visible(x));if(f.length)c.append(props(f.slice(0,200)));
 if(f.length>200)c.append(more("all "+num(f.length)+" properties",b=>b.replaceWith(props(f.slice(200)))));
 return c}
function detail(){const main=$("main");main.replaceChildren();if(found)found.clear();const cr=el("div","crumbs"),path=[];for(let p=selected;p;p=p.parent)path.unshift(p);
 path.forEach((p,i)=>{if(i)cr.append(" › ");const a=el("a","",i?title(p):"artifact");a.onclick=()=>select(p);cr.append(a)});main.append(cr,card(selected,true));const deep=inner(selected);if(deep)main.append(deep);markFound(main);
 const items=cards(selected);let at=0;const end=el("div","");main.append(end);
 const next=()=>{for(let k=0;k<25&&at<items.length;++k,++at){const c=items[at].length?alike(items[at]):card(items[at],false);main.insertBefore(c,end);markFound(c)}};next();
 const io=new IntersectionObserver(e=>{if(e.some(x=>x.isIntersecting)&&at<items.length)next()},{root:main,rootMargin:"600px"});io.observe(end);
 if(!items.length&&!selected.hunks&&!selected.windows&&selected.kind==="group"&&!selected.children.length)main.append(el("div","empty","The two are equal."))}
// Compressed bytes differ nearly everywhere; where the differences lie is seen in what they unpack to. So the map of a
// node is followed by those of the nearest nodes below whose members have places of their own.
function inner(top){const box=el("section","card"),found=[],level=[top];
 while(level.length&&found.length<4){const n=level.shift();
  if(n!==top&&n.extent_count&&!isField(n)&&n.children.filter(c=>c.place_a&&!isField(c)).length>1)found.push(n);else for(const c of n.children)if(!isField(c))level.push(c)}
 if(!found.length)return null;const h=el("div","head");h.append(el("b","","inside"),el("span","facts","the members that differ, where they lie"));box.append(h);
 for(const n of found){const m=map(n);if(!m)continue;const b=el("div","way",""),a=el("a","",trail(n)+title(n));a.onclick=()=>select(n);b.append(a,el("span","facts"," · "+facts(n)));m.prepend(b);box.append(m)}
 return box}
const speaks=n=>n.hunks||n.windows||(n.comments&&n.comments.length)||(n.kind!=="group"&&!isField(n))||n.children.some(isField);
// What a node's only say is: the same change of one property as elsewhere.
function signature(n){if(n.kind!=="group"||n.hunks||n.windows||n.comments||n.children.length!==1||!isField(n.children[0]))return null;
 const f=n.children[0];return[f.field,f.old,f.new].join("\n")}
// All nodes below that have something to say, in order; equal changes of one property become one item.
function cards(top){const out=[],groups=new Map,stack=top.children.filter(c=>!isField(c)).reverse();
 while(stack.length){const n=stack.pop();if(!visible(n))continue;
  if(speaks(n)){const s=signature(n);if(s===null)out.push(n);else{if(!groups.has(s)){const g=[];groups.set(s,g);out.push(g)}groups.get(s).push(n)}}
  for(let i=n.children.length-1;i>=0;--i)if(!isField(n.children[i]))stack.push(n.children[i])}
 return out.flatMap(x=>Array.isArray(x)&&x.length<4?x:[x]).sort((a,b)=>weight(a)-weight(b))}
// What changes the meaning comes first, then what does not, then what many members have alike.
function weight(item){if(item.length)return 2;if(quiet(item))return 1;if(item.hunks||item.windows||item.comments||item.kind!=="group")return 0;
 return item.children.filter(isField).every(quiet)?1:0}
function alike(group){const f=group[0].children[0],c=el("section","card"+(quiet(f)?" ignored":"")),h=el("div","head");
 h.append(el("span","dot metadata"),el("b","",(f.field||title(f))+" alike in "+num(group.length)+" members"),el("span","facts",f.noise||""));
 const v=el("div","sub");v.append(el("code","was",f.old)," → ",el("code","now",f.new));c.append(h,v);
 const list=el("div","sub members");let shown=0;const add=()=>{const stop=Math.min(group.length,shown+(shown?500:12));
  for(;shown<stop;++shown){const n=group[shown],a=el("a","",title(n));a.onclick=()=>select(n);list.append(a)}};
 add();c.append(list);if(group.length>shown){const b=el("button","more","all "+num(group.length));b.onclick=()=>{add();if(shown>=group.length)b.remove()};c.append(b)}return c}
function trail(n){const path=[];for(let p=n.parent;p&&p!==selected;p=p.parent)path.unshift(title(p));return path.length?path.join(" › ")+" › ":""}
function text(n){if(n.search===undefined){const p=[n.a,n.b,n.field,n.old,n.new,n.format,...(n.comments||[])];for(const h of n.hunks||[])p.push(h.lines.join("\n"));n.search=p.filter(Boolean).join("\n").toLowerCase()}return n.search}
let timer;$("find").oninput=()=>{clearTimeout(timer);timer=setTimeout(()=>{query=$("find").value.trim().toLowerCase();matches=null;let hits=0;
 if(query){matches=new Set;for(const n of nodes)if(text(n).includes(query)){++hits;for(let p=n;p&&!matches.has(p.id);p=p.parent)matches.add(p.id)}}
 $("hits").textContent=query?num(hits)+(hits===1?" place":" places")+" of "+num(nodes.length):"";tree();detail()},120)};
// Marks what is searched for in all that is on the page, where the browser can; `box` is what was just added.
const found=window.Highlight&&CSS.highlights?new Highlight:null;if(found)CSS.highlights.set("found",found);
function markFound(box){if(!found||!query)return;const walk=document.createTreeWalker(box,NodeFilter.SHOW_TEXT);
 for(let t=walk.nextNode();t&&found.size<5000;t=walk.nextNode()){const low=t.data.toLowerCase();if(low.length!==t.data.length)continue;
  for(let at=low.indexOf(query);at>=0;at=low.indexOf(query,at+query.length)){const r=new Range;r.setStart(t,at);r.setEnd(t,at+query.length);found.add(r)}}}
$("noise").onchange=()=>{tree();detail()};$("split").onchange=detail;
document.onkeydown=e=>{if(e.key==="/"&&document.activeElement!==$("find")){e.preventDefault();$("find").focus()}
 if(document.activeElement===$("find"))return;
 if(e.key==="j"||e.key==="k"){const rows=[...document.querySelectorAll("#tree .row")],i=rows.findIndex(r=>r.classList.contains("on"));const r=rows[i+(e.key==="j"?1:-1)];if(r)r.click()}};
onresize=()=>detail();
header();const want=nodes[+location.hash.slice(2)]||root;
for(let n=root;n;n=n.children.length===1?n.children[0]:null)open.add(n.id);
// Open at first: as much as fits, level by level, noise closed.
let rows=nodes.filter(n=>n.parent&&open.has(n.parent.id)&&!isField(n)).length;
for(const level=[root];level.length;){const n=level.shift(),kids=n.children.filter(c=>!isField(c));
 if(!open.has(n.id)){if(!kids.length||quiet(n)||rows+kids.length>40)continue;open.add(n.id);rows+=kids.length}level.push(...kids)}
select(want);
)js";

}  // namespace chiron::compare
